/** A finished request in one line: where it went, what it took and came to. */
import type { RequestRecord } from '../../../core/request-record.ts'
import { isWrong } from '../request-log.ts'
import type { PlainLine } from '../lines.ts'
import { amount } from '../../../core/amount.ts'
import { dollars, time } from './figures.ts'
import { type Colour, cut, type Piece, width } from './screen.ts'

/** The column of the status, or of how serious an event is. */
export const TAG_COLUMNS = 5

/** From so many columns on, figures have their units beside them: a terminal of 100 has them, one of 80 does not. */
const ROOMY = 88
/** Below it, only the whole time is left of the figures. */
const TIGHT = 56

/** `columns`: what there is behind the time. */
export function requestPieces(record: RequestRecord, columns: number): Piece[] {
  const figures = figuresOf(record, columns)
  const room = columns - TAG_COLUMNS - 1 - widthOf(figures) - 1
  const left = placePieces(record, room)
  return [tag(record.status), ' ', ...left, ' '.repeat(Math.max(0, room - widthOf(left)) + 1), ...figures]
}

/** The same for a request that no backend had to be asked about. */
export function plainPieces({ endpoint, method, status, error, total_ms }: PlainLine, columns: number): Piece[] {
  const figures = time(total_ms)
  const room = columns - TAG_COLUMNS - 1 - figures.length - 1
  const left = cut(`${method === undefined ? '' : `${method} `}${endpoint}`, room)
  const note = error === undefined ? '' : cut(`  ${error.code}`, room - width(left))
  const gap = ' '.repeat(Math.max(0, room - width(left) - width(note)) + 1)
  return [tag(status), ' ', left, ['yellow', note], gap, figures]
}

const tag = (status: number): Piece => [colourOf(status), String(status).padEnd(TAG_COLUMNS)]
const colourOf = (status: number): Colour => (status < 400 ? 'green' : status < 500 ? 'yellow' : 'red')

const widthOf = (pieces: readonly Piece[]): number =>
  pieces.reduce((sum, piece) => sum + width(typeof piece === 'string' ? piece : piece[1]), 0)

/** `route -> backend/model  note`: the route goes first where there is no room, then the end of the place, then that of the note. */
function placePieces(record: RequestRecord, room: number): Piece[] {
  const { route, backend, model, endpoint } = record
  const noted = noteOf(record)
  const asked = record.requestedModel === 'unknown' ? endpoint : `${endpoint} of ${record.requestedModel}`
  const place = backend === null ? asked : `${backend}/${model ?? '?'}`
  const from = route === null ? '' : `${route} -> `
  const note = noted === '' ? '' : `  ${noted}`
  const whole = width(place) + width(note)
  const kept = width(from) + whole <= room ? from : ''
  const least = Math.min(width(place), 12)
  const shownNote = cut(note, Math.max(0, room - least))
  return [
    ['dim', kept],
    cut(place, room - width(kept) - width(shownNote)),
    [isWrong(record) ? 'red' : 'yellow', shownNote],
  ]
}

/** What went wrong, in codes; empty where nothing did. */
function noteOf({ error, failure, success, why, calls }: RequestRecord): string {
  const status = failure?.upstreamStatus ?? null
  const cause = failure?.cause?.split(' ', 1)[0] ?? (status === null ? null : `HTTP ${status}`)
  const wrong =
    error === null ? (success || why === null ? null : why) : `${error}${cause === null ? '' : ` (${cause})`}`
  const repeated = calls > 1 ? `${calls} calls` : null
  return [wrong, repeated].filter((text) => text !== null).join(', ')
}

function figuresOf(record: RequestRecord, columns: number): Piece[] {
  const total = time(record.totalMs).padStart(6)
  const { tokens, cost, partial, ttftMs } = record
  const tookNothing = tokens === null && cost === null && ttftMs === null
  if (columns < TIGHT || tookNothing) return [total]
  const guess = tokens?.estimated === true ? '~' : ''
  const [input, output] = tokens === null ? ['', ''] : [amount(tokens.input), guess + amount(tokens.output)]
  const costs = cost === null ? (partial ? '$?' : '') : `${dollars(cost.nanoUsd)}${partial ? '+' : ''}`
  const ttft = ttftMs === null ? '' : time(ttftMs)
  if (columns < ROOMY)
    return [
      tokens === null ? ' '.repeat(11) : `${input.padStart(5)}>${output.padEnd(5)}`,
      costs.padStart(9),
      ['dim', ttft.padStart(6)],
      ` ${total}`,
    ]
  return [
    input.padStart(5),
    ['dim', tokens === null ? '   ' : ' in'],
    ` ${output.padStart(5)}`,
    ['dim', tokens === null ? '    ' : ' out'],
    ` ${costs.padStart(9)} `,
    ['dim', ttft === '' ? ' '.repeat(10) : `${'ttft '.padStart(5)}${ttft.padStart(5)}`],
    ` ${total}`,
  ]
}
