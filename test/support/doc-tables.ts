import { ENDPOINTS } from '../../src/core/endpoints.ts'
import { ERRORS } from '../../src/core/errors.ts'
import { newMetrics } from './metrics.ts'

/** A table of the documents that code decides, as rows of cells without its head. */
export interface DocTable {
  readonly name: 'errors' | 'metrics' | 'endpoints'
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

const code = (text: string): string => `\`${text}\``

/** `state` of a path that answers 404. */
export const PLANNED = 'planned: answers 404'

/** Paths beside the inference ones; a test compares them with the routes in src/http. */
export const OTHER_PATHS: readonly (readonly [method: 'GET', path: string, state: string])[] = [
  ['GET', '/v1/models', 'served'],
  ['GET', '/v1/models/*', 'served; ids may hold slashes'],
  ['GET', '/health', 'served: backends and their states, with a key'],
  ['GET', '/health/liveness', 'served, needs no key'],
  ['GET', '/health/readiness', 'served, needs no key: 503 while the gateway stops'],
  ['GET', '/metrics', 'served, needs no key: Prometheus'],
  ['GET', '/', 'served, needs no key: name and state'],
]

export function errorsTable(): DocTable {
  const rows = Object.entries(ERRORS).map(([name, { status, source, means }]) => [
    code(name),
    String(status),
    source,
    means,
  ])
  return { name: 'errors', head: ['code', 'status', 'source', 'meaning'], rows }
}

export function metricsTable(): DocTable {
  const metrics = newMetrics().families
  const rows = metrics.map(({ name, help, labelNames }) => [code(name), labelNames.map(code).join(', '), help])
  return { name: 'metrics', head: ['name', 'labels', 'meaning'], rows }
}

export function endpointsTable(): DocTable {
  const inference = ENDPOINTS.map(({ path, served }) => ['POST', code(path), served ? 'served' : PLANNED])
  const others = OTHER_PATHS.map(([method, path, state]) => [method, code(path), state])
  return { name: 'endpoints', head: ['method', 'path', 'state'], rows: [...inference, ...others] }
}

/** A table as a document has it, markers included. */
export function render({ name, head, rows }: DocTable): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [`<!-- ${name} -->`, line(head), line(head.map(() => '---')), ...rows.map(line), `<!-- /${name} -->`].join(
    '\n',
  )
}

/** The cells of the table between two markers of a document; throws where the markers are not there. */
export function readTable(text: string, name: string): string[][] {
  const block = new RegExp(`<!-- ${name} -->\\n([^]*?)<!-- /${name} -->`).exec(text)?.[1]
  if (block === undefined) throw new Error(`no <!-- ${name} --> .. <!-- /${name} -->`)
  return block
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^\|[ |:-]*$/.test(line))
    .map((line) =>
      line
        .slice(1, line.lastIndexOf('|'))
        .split('|')
        .map((cell) => cell.trim()),
    )
    .slice(1)
}
