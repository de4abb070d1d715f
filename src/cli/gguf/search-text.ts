/** Models that were found, for people, in 80 columns. Pure. */
import { amount } from '../../core/amount.ts'
import { wrapped } from '../../core/wrapped.ts'
import { plain, whole } from '../../observe/explain/figures.ts'
import { WIDTH } from '../help-text.ts'
import { table } from '../table.ts'
import { bytesText } from './bytes-text.ts'
import type { HubModel } from './hub.ts'
import type { Room } from './machine.ts'
import { parameterCount } from './parameter-count.ts'

/** Memory needed for each byte of the file: the rest is for buffers and a KV cache of some thousand tokens. */
const MORE = 9 / 8

/** Null: its size is not known. */
export const fitsInto = ({ total }: Room, size: number | null): boolean | null =>
  size === null ? null : size * MORE <= total

export function searchText(models: readonly HubModel[], rooms: readonly Room[]): string {
  const memory = rooms.map(({ name, total, source }) => `${name}: ${bytesText(total)} (${source})\n`).join('')
  return `${models.map((model) => modelText(model, rooms)).join('\n')}\n${memory}`
}

function modelText(model: HubModel, rooms: readonly Room[]): string {
  const about = [
    ...(model.gated ? ['gated: its terms must be accepted on Hugging Face'] : []),
    ...(model.architecture === null ? [] : [plain(model.architecture)]),
    ...(model.parameters === null ? [] : [`${parameterCount(model.parameters)} parameters`]),
    ...(model.context === null ? [] : [`context ${whole(model.context)}`]),
    ...(model.downloads === null ? [] : [`${amount(model.downloads)} downloads`]),
  ]
  const head = wrapped(`${plain(model.id)}${about.length === 0 ? '' : `: ${about.join(', ')}`}`, WIDTH)
  if (model.files.length === 0) return `${head}  no GGUF files\n`
  const rows = model.files.map(({ name, quant, size, parts }) => [
    `  ${quant ?? plain(name)}`,
    size === null ? '?' : bytesText(size),
    fitText(rooms, size) + (parts > 1 ? `, ${parts} files` : ''),
  ])
  return head + table(['  quantisation', 'size', 'fits'], rows, WIDTH)
}

/** The fastest memory that it fits into. */
function fitText(rooms: readonly Room[], size: number | null): string {
  if (size === null) return '?'
  const room = rooms.find((one) => fitsInto(one, size) === true)
  return room === undefined ? 'no' : room.name.replace(/ \(.*$/, '')
}
