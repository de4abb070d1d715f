import type { Deployment } from '../core/types.ts'

/** Adaptations by which the deployment is called at this moment: those that its refusals have taught, then those of this request. */
export function changesFor({ health }: Deployment, now: number, tried: readonly string[]): readonly string[] {
  if (health.adapted.size === 0) return tried
  const learnt = [...health.adapted].flatMap(([change, until]) => (until > now ? [change] : []))
  return [...learnt, ...tried]
}
