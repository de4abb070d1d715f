import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { isRequired } from './required.ts'

const FOLDER = resolve(import.meta.dirname, '../../../../shared/cases')

const required = isRequired('cases')

/** Why tests on the inputs of other people's bug reports cannot run here, for `t.test(name, { skip })`; false where they can. */
export const noCases: string | false =
  existsSync(FOLDER) || required ? false : 'the inputs (../shared/cases) are not here'

/** One input, by its file's name. Throws where it is not among them. */
export const caseText = (file: string): string => readFileSync(join(FOLDER, file), 'utf8')

export const caseJson = (file: string): Record<string, unknown> => JSON.parse(caseText(file)) as Record<string, unknown>

/** What a `*.sse` input has a backend send: its events without the terminal one, and whether that came. */
export function caseStream(file: string): { readonly events: readonly string[]; readonly done: boolean } {
  const data = caseText(file)
    .split('\n')
    .flatMap((line) => (line.startsWith('data: ') ? [line.slice(6)] : []))
  return { events: data.filter((text) => text !== '[DONE]'), done: data.includes('[DONE]') }
}
