/** Models of other speeds than that of TURNOUT_TEST_MODEL, made by the tool that comes with the shared engines. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const MAKER = resolve(import.meta.dirname, '../../../../shared/tools/make-tiny-gguf.mjs')

/** Why tests on such models cannot run here, for `t.test(name, { skip })`; false where they can. */
export const noMaker: string | false = existsSync(MAKER) ? false : 'the maker of models (../shared/tools) is not here'

/** The more layers and the wider (a multiple of 64, 192 or more), the slower. */
export interface Shape {
  readonly layers: number
  readonly width: number
}

/** Files of models in a folder that `remove` removes. */
export class TinyModels {
  readonly #folder = mkdtemp(join(tmpdir(), 'turnout-models-'))

  async make({ layers, width }: Shape): Promise<string> {
    const file = join(await this.#folder, `${layers}x${width}.gguf`)
    if (existsSync(file)) return file
    const maker = spawn(process.execPath, [MAKER, file, `--layers=${layers}`, `--width=${width}`], { stdio: 'ignore' })
    const [code] = (await once(maker, 'exit')) as [number | null]
    if (code !== 0) throw new Error(`the maker of models ended with ${code}`)
    return file
  }

  async remove(): Promise<void> {
    await rm(await this.#folder, { recursive: true })
  }
}
