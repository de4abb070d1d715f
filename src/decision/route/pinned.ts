/** Conversations that hold what only the maker of an earlier answer can read stay with it. Pure. */
import type { Target } from '../../core/types.ts'
import type { Remembered } from './conversations.ts'

/**
 * `order` with those first that may read what is sealed: the one that answered last, then others of its kind, which are asked without it
 * where they refuse it. One in trouble keeps its place. `makers`: wire formats.
 */
export function makersFirst(
  order: number[],
  targets: readonly Target[],
  troubles: ArrayLike<number>,
  makers: readonly string[],
  last: Remembered | null,
): number[] {
  if (makers.length === 0) return order
  const reads = (row: number): boolean => troubles[row]! < 1 && mayRead(targets[row]!, makers)
  const first = order.filter(reads)
  const own = first.filter((row) => targets[row]!.deployment.id === last?.deployment)
  return [...own, ...first.filter((row) => !own.includes(row)), ...order.filter((row) => !first.includes(row))]
}

const mayRead = ({ deployment: { backend } }: Target, makers: readonly string[]): boolean =>
  (backend.provider.endpoints.chat ?? []).some(({ format, maker }) => maker === true && makers.includes(format))
