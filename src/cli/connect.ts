/** `turnout connect [AGENT]`: how to point an agent at this gateway, and with --test whether the gateway answers in each API that agents speak. */
import { parseArgs } from 'node:util'
import { AGENTS } from './agents.ts'
import { agentsNamed, probedText, setupText } from './connect-text.ts'
import { findGateway, type FoundGateway } from './find-gateway.ts'
import type { Io } from './io.ts'
import { probeGateway } from './probe-gateway.ts'
import { wrapped } from './wrapped.ts'

const USAGE = `usage: turnout connect [AGENT] [--model NAME] [--config FILE | --url URL]
       turnout connect --test [--model NAME] [--key KEY] [--config FILE | --url URL]
       the key may also be in TURNOUT_KEY
${wrapped(`agents: ${AGENTS.map(({ id }) => id).join(', ')}`, 80)}`

const OPTIONS = {
  test: { type: 'boolean', default: false },
  model: { type: 'string' },
  key: { type: 'string' },
  config: { type: 'string' },
  url: { type: 'string' },
} as const

/** An engine that loads its model first takes so long. */
const LIMIT_MS = 120_000

/** Exit code 0: printed, and all that was asked for works; 1: not so; 2: wrong usage. */
export async function connect(argv: string[], io: Io): Promise<number> {
  let parsed
  try {
    parsed = parseArgs({ args: argv, options: OPTIONS, allowPositionals: true })
  } catch (thrown) {
    return refused((thrown as Error).message, io)
  }
  const { values, positionals } = parsed
  const [asked, ...more] = positionals
  const agents = asked === undefined ? AGENTS : agentsNamed(asked)
  if (more.length > 0) return refused('one agent at a time', io)
  if (agents.length === 0) return refused(`there is no agent "${asked}"`, io)
  if (values.test && asked !== undefined) return refused('--test asks in every API: leave out the agent', io)
  if (values.model !== undefined && !MODEL.test(values.model))
    return refused('--model: a name has no spaces and no quotes', io)
  if (values.url !== undefined && values.config !== undefined)
    return refused('the gateway at --url has its own configuration; leave out --config', io)
  try {
    const gateway = await findGateway(values, io)
    if (values.test)
      return await test(gateway, values.model ?? 'auto', values.key ?? (io.env['TURNOUT_KEY'] || undefined), io)
    if (gateway.silent !== null)
      io.stderr.write(`${gateway.url} does not answer now (${gateway.silent}); \`turnout serve\` starts it\n\n`)
    const aim = { url: gateway.url, keyed: gateway.keyed, model: values.model ?? null }
    io.stdout.write(agents.map((agent) => setupText(agent, aim)).join('\n'))
    if (gateway.keyed) io.stdout.write(`\n${KEY}`)
    return 0
  } catch (thrown) {
    io.stderr.write(`turnout connect: ${(thrown as Error).message}\n`)
    return 1
  }
}

/** It is written into files and commands of a shell as it is. */
const MODEL = /^[\w./:@-]+$/

const KEY = 'TURNOUT_KEY is a key of this gateway; `turnout key create --id ID` makes one.\n'

async function test(
  { url, keyed, silent }: FoundGateway,
  model: string,
  key: string | undefined,
  io: Io,
): Promise<number> {
  if (silent !== null) throw new Error(`${url} does not answer (${silent}); \`turnout serve\` starts it`)
  if (keyed && key === undefined) throw new Error(`${url} asks for a key: pass --key, or set TURNOUT_KEY`)
  io.stdout.write(`${url}, model ${model}\n\n`)
  const rows = await probeGateway({ url, model, key, limitMs: LIMIT_MS })
  io.stdout.write(probedText(rows))
  return rows.every(({ whole, streamed }) => whole.fault === null && streamed.fault === null) ? 0 : 1
}

function refused(why: string, io: Io): number {
  io.stderr.write(`turnout connect: ${why}\n${USAGE}`)
  return 2
}
