import t from 'tap'
import { parse, stringify } from 'yaml'
import { ConfigError } from '../../src/config/issues.ts'
import { parseConfig } from '../../src/config/load.ts'
import { EXAMPLE_ENV, exampleText, load, PROVIDERS, refusal, refusalOfObject } from './load.ts'

const CANARY = 'canary0sesame'

type Path = readonly (string | number)[]

/** Paths of all values of the file, maps and lists included. */
function paths(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path]
  const inner = Array.isArray(value)
    ? value.flatMap((one, index) => paths(one, [...path, index]))
    : Object.entries(value).flatMap(([name, one]) => paths(one, [...path, name]))
  return path.length === 0 ? inner : [path, ...inner]
}

function set(value: unknown, [first, ...rest]: Path, to: unknown): unknown {
  if (first === undefined) return to
  const copy = structuredClone(value) as Record<string | number, unknown>
  copy[first] = set(copy[first], rest, to)
  return copy
}

const BREAKS: readonly unknown[] = [-1, 'no such thing', null, true, [], {}, ['x'], { x: 1 }, '${UNSET}']

/** The full example with a canary wherever a secret can stand. */
const full = parse(await exampleText('full')) as object
const secrets: readonly (readonly [Path, string])[] = [
  [['backends', 0, 'key'], CANARY],
  [['backends', 0, 'url'], `http://me:${CANARY}@gpu-a:8000/v1?key=${CANARY}`],
  [['keys', 0, 'hash'], CANARY],
  [['store', 'redis'], `redis://:${CANARY}@host`],
  [['admin', 'token'], CANARY],
  [['budgets', 0, 'webhook'], `hooks.example.com/${CANARY}`],
  [['telemetry', 'headers', 'x-tenant'], `Bearer ${CANARY}\n`],
  [['telemetry', 'endpoint'], `http://me:${CANARY}@host:4318`],
]

/** Armed with all secrets at once for the checks of shape, and with one at a time for those that come after them. */
t.test('no secret in any message, whatever else is wrong', async (t) => {
  let refused = 0
  const look = (armed: unknown, path: Path, broken: unknown): void => {
    const message = refusalOfObject(set(armed, path, broken), EXAMPLE_ENV)
    if (message !== '') refused++
    if (message.toLowerCase().includes(CANARY)) t.fail(`${path.join('.')} = ${JSON.stringify(broken)}: ${message}`)
  }
  const all = secrets.reduce<unknown>((file, [at, secret]) => set(file, at, secret), full)
  const places = paths(full)
  places.forEach((path, index) => {
    for (const broken of BREAKS) look(all, path, broken)
    for (const [at, secret] of secrets) look(set(full, at, secret), path, BREAKS[index % BREAKS.length])
  })
  t.ok(refused > places.length * BREAKS.length, `${refused} refusals of ${places.length} places were looked at`)
})

t.test('no secret in a message about itself', async (t) => {
  const values = [
    CANARY,
    `${CANARY}***`,
    `${CANARY}\nx`,
    [CANARY],
    { value: CANARY },
    `http://${CANARY}@h`,
    `u:${CANARY}@h:8000`,
    `http://h/?k=${CANARY}`,
    `http://h:99999/#${CANARY}`,
  ]
  for (const [at] of secrets)
    for (const value of values) {
      // Also where the list or the map around it should be.
      for (const path of at.map((_, index) => at.slice(0, at.length - index))) {
        const message = refusalOfObject(set(full, path, value), EXAMPLE_ENV)
        // A bare word as URL may be a host that lacks its scheme.
        if (path.at(-1) === 'url' && typeof value === 'string' && !value.includes('/') && !value.includes('@')) continue
        t.notOk(message.toLowerCase().includes(CANARY), `${path.join('.')} = ${JSON.stringify(value)}: ${message}`)
      }
    }
})

t.test('no value of a variable in a message or a warning', async (t) => {
  const env = { ...EXAMPLE_ENV, SECRET: CANARY }
  for (const path of paths(full)) {
    const text = stringify(set(full, path, '${SECRET}'))
    const message = refusal(text, env)
    const said = message === '' ? load(text, env).warnings.join('\n') : message
    t.notOk(said.includes(CANARY), `${path.join('.')}: ${said}`)
  }
})

t.test('a line that cannot be read is not quoted', async (t) => {
  for (const text of [
    `backends:\n  - key: "${CANARY}\n`,
    `backends: [{ key: ${CANARY}: x: y }]`,
    `a: @${CANARY}`,
    `a: *${CANARY}`,
    `a: !${CANARY} b`,
    CANARY,
  ]) {
    const message = refusal(text)
    t.not(message, '', text)
    t.notOk(message.includes(CANARY), message)
  }
})

t.test('no password that holds a slash in a message', async (t) => {
  const message = refusal(`backends: [{ name: a, kind: vllm, url: 'http://u:${CANARY}/x@h' }]`)
  t.not(message, '')
  t.notOk(message.includes(CANARY), message)
})

/** All that is shown where the text is refused: the messages and the lines of the file. */
const shown = (text: string): string => {
  try {
    parseConfig(text, EXAMPLE_ENV, PROVIDERS, 'turnout.yaml')
    return ''
  } catch (thrown) {
    if (thrown instanceof ConfigError) return thrown.message
    throw thrown
  }
}

t.test('no secret in an excerpt, in whatever form it is written and whatever is wrong in its line', async (t) => {
  const forms = [
    CANARY,
    `"${CANARY}"`,
    `'${CANARY}'`,
    `sk-${CANARY}`,
    `"Bearer ${CANARY}"`,
    `https://me:${CANARY}@h`,
    `\${sk-${CANARY}}`,
    `\${NAME:-${CANARY}}`,
  ]
  const texts = (secret: string): string[] => [
    ...['key', 'api_key', 'apiKey', 'token', 'authorization', 'password', 'keyy'].flatMap((name) => [
      `backends:\n  - name: a\n    kind: openai\n    ${name}: ${secret}\n    colour: red\n`,
      `backends: [{ name: a, kind: opnai, ${name}: ${secret} }]\n`,
      `backends:\n  - name: a\n    kind: openai\n    ${name}: ${secret}\n   colour: red\n`,
      `backends:\n  - name: a\n    kind: openai\n    ${name}: ${secret}: x\n`,
      `backends:\n  - name: a\n    ${name} ${secret}\n    kind: openai\n`,
      `backends:\n  - name: a\n    ${name}:${secret}\n    kind: openai\n`,
      `backends: [{ name: a, ${name}: ${secret} ]\n`,
      `backends:\n  - { name: a, kind: openai, ${name}: ${secret} } }\n`,
      `backends:\n  - name: a\n    ${name}: ${secret}\n    ${name}: ${secret}\n`,
    ]),
    // A bare word as URL may be a host that lacks its scheme.
    ...(secret.includes('@')
      ? [`backends: [{ name: a, kind: opnai, url: ${secret} }]\n`, `backends:\n  - url ${secret}\n`]
      : []),
    `keys: ${secret}\n`,
    `keys:\n  - ${secret}\n`,
    `keys: [${secret}]\n`,
    `keys:\n  - id: a\n    hash: ${secret}\n`,
    `admin: { token: ${secret} }\n`,
    `store: { redis: ${secret}, x: 1 }\n`,
    `general_settings: { master_key: ${secret} }\n`,
    `telemetry: { headers: { x-tenant: ${secret} }, endpoint: ${secret} }\n`,
    `budgets: [{ name: a, of: key, webhook: ${secret} }]\n`,
    `environment_variables:\n  OPENAI_API_KEY: ${secret}\n`,
  ]
  let looked = 0
  for (const secret of forms)
    for (const text of texts(secret)) {
      const message = shown(text)
      t.notOk(message.includes(CANARY), `${text}\n${message}`)
      if (/^ +\d+ \| /m.test(message)) looked++
    }
  t.ok(looked > 500, `${looked} excerpts were looked at`)
})
