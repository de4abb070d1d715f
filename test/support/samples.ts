import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const FOLDER = resolve(import.meta.dirname, '../../../../shared/samples')

/** One recorded answer of a real engine. */
export interface Sample {
  /** `engine/file name without ending`. */
  readonly name: string
  readonly status: number
  /** Lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** Why tests on recorded answers cannot run here, for `t.test(name, { skip })`; false where they can. */
export const noSamples: string | false = existsSync(FOLDER) ? false : 'the recordings (../shared/samples) are not here'

/** All recordings that hold an HTTP answer; none where the folder is absent. */
export function samples(): readonly Sample[] {
  if (noSamples) return []
  return readdirSync(FOLDER, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap((engine) =>
      readdirSync(join(FOLDER, engine.name))
        .filter((file) => file.endsWith('.txt'))
        .flatMap((file) => parse(`${engine.name}/${file.replace(/\.txt$/, '')}`, join(FOLDER, engine.name, file))),
    )
}

/** One recording; throws where it is not among them. */
export function sample(name: string): Sample {
  const found = samples().find((one) => one.name === name)
  if (found === undefined) throw new Error(`no recording ${name}`)
  return found
}

function parse(name: string, file: string): Sample[] {
  const text = readFileSync(file, 'latin1')
  const head = /^HTTP\/1\.1 (\d+)[^\n]*\n((?:[^\r\n]+\r?\n)*)\r?\n/m.exec(text)
  if (head === null) return []
  const headers = Object.fromEntries(
    head[2]!.split(/\r?\n/).flatMap((line) => {
      const colon = line.indexOf(':')
      return colon < 0 ? [] : [[line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const]
    }),
  )
  return [
    { name, status: Number(head[1]), headers, body: Buffer.from(text.slice(head.index + head[0].length), 'latin1') },
  ]
}
