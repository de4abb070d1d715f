/** `turnout init [FILE]`: writes a first configuration of what is found here. */
import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { detect } from '../backends/fleet/detect.ts'
import { FILE_NAME } from '../config/file-text.ts'
import { loadProviders } from '../config/providers.ts'
import type { CallOf } from './command.ts'
import { initFile } from './init-file.ts'
import type { Io } from './io.ts'
import type { INIT } from './rows/run.ts'
import { searchOf } from './setup.ts'

export async function init({ args, flags }: CallOf<typeof INIT>, io: Io): Promise<number> {
  const file = args.file ?? FILE_NAME
  const providers = await loadProviders()
  const found = await detect(searchOf(io.env, providers))
  try {
    await writeFile(resolve(io.cwd, file), initFile(found, providers), { flag: flags.force ? 'w' : 'wx' })
  } catch (thrown) {
    io.stderr.write(`turnout init: ${file} ${refusal((thrown as NodeJS.ErrnoException).code)}\n`)
    return 1
  }
  for (const { line } of found) io.stdout.write(`found  ${line}\n`)
  if (found.length === 0) io.stdout.write('found no engine and no cloud key: the file holds an example to change\n')
  const [checked, served] = file === FILE_NAME ? ['', ''] : [` ${file}`, ` --config ${file}`]
  io.stdout.write(
    `wrote  ${file}\n\nnext:\n  turnout check${checked}   says what it comes to\n  turnout serve${served}   runs the gateway with it\n`,
  )
  return 0
}

function refusal(code: string | undefined): string {
  if (code === 'EEXIST') return 'is there already; name another FILE, or add --force to replace it'
  if (code === 'ENOENT') return 'cannot be written: there is no such folder; make it first'
  return `cannot be written (${code ?? 'unknown error'})`
}
