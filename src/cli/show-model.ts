/** `turnout models show`: what a GGUF is and needs in memory, or what is known of a model of the gateway. */
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { volume } from '../core/units.ts'
import { GgufError } from '../gguf/gguf-error.ts'
import type { ShownDeployment } from '../http/shown-deployment.ts'
import { type CallOf, UsageError } from './command.ts'
import { deploymentText } from './deployment-text.ts'
import { deploymentsFor } from './deployments-for.ts'
import { hubOf } from './gguf/hub.ts'
import { type Room, roomsHere } from './gguf/machine.ts'
import { openModel } from './gguf/open-model.ts'
import { shownGguf } from './gguf/shown-gguf.ts'
import { ggufText } from './gguf/show-text.ts'
import { wantedBy } from './gguf/wanted.ts'
import type { Io } from './io.ts'
import { Refused } from './refused.ts'
import type { MODELS_SHOW } from './rows/models.ts'

/** Exit code 0: it is shown; 1: there is no such model, or it is damaged. */
export async function showModel(call: CallOf<typeof MODELS_SHOW>, io: Io): Promise<number> {
  const { flags } = call
  const word = call.args.model
  const asked = {
    context: flags.context === undefined ? null : positive('--context', flags.context, 2 ** 31),
    slots: positive('--slots', flags.slots, 4096),
    cacheK: flags['cache-k'],
    cacheV: flags['cache-v'],
  }
  const given = flags.memory === undefined ? null : givenRoom(flags.memory)
  const wanted = wantedBy(word, await isFile(resolve(io.cwd, word)))
  if (wanted.kind === 'name') return await showNamed(wanted.name, flags, io)
  const opened = await openModel(wanted, hubOf(io), io.cwd)
  const rooms = given === null ? await roomsHere(io.env['PATH']) : [given]
  let shown
  try {
    shown = shownGguf(opened, asked, rooms)
  } catch (thrown) {
    if (thrown instanceof GgufError) throw new Refused(`${opened.place}: ${thrown.message}`)
    throw thrown
  }
  io.stdout.write(flags.json ? `${JSON.stringify(shown, null, 2)}\n` : ggufText(shown))
  return 0
}

const isFile = async (path: string): Promise<boolean> =>
  await stat(path).then(
    (stats) => stats.isFile(),
    () => false,
  )

function positive(flag: string, text: string, most: number): number {
  const number = Number(text.replace(/k$/i, '')) * (/k$/i.test(text) ? 1024 : 1)
  if (Number.isInteger(number) && number > 0 && number <= most) return number
  throw new UsageError(`${flag}: "${text}" is not a whole number from 1 to ${most}`)
}

export function givenRoom(text: string): Room {
  const { data, error } = volume.safeParse(text)
  if (data === undefined) throw new UsageError(`--memory: "${text}" ${error?.issues[0]?.message ?? ''}`)
  return { name: 'memory', total: data, free: null, source: '--memory' }
}

async function showNamed(name: string, flags: CallOf<typeof MODELS_SHOW>['flags'], io: Io): Promise<number> {
  const { all } = await deploymentsFor(flags, io)
  const exact = (one: ShownDeployment): boolean => [one.id, one.model, ...one.aliases].includes(name)
  const found = all.filter(exact)
  if (found.length === 0) {
    const near = all.filter(({ id }) => id.toLowerCase().includes(name.toLowerCase())).slice(0, 5)
    const hint =
      near.length === 0
        ? '; `turnout models` lists those that there are'
        : `; did you mean ${near.map(({ id }) => id).join(', ')}?`
    throw new Refused(`"${name}" is neither a file here nor a model of the gateway${hint}`)
  }
  io.stdout.write(flags.json ? `${JSON.stringify(found, null, 2)}\n` : found.map(deploymentText).join('\n'))
  return 0
}
