import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { main } from '../../src/cli/main.ts'
import { providerSchema } from '../../src/config/provider-schema.ts'
import { EXAMPLE_ENV } from '../config/load.ts'
import { type Block, blocks, DOCUMENTS, README } from '../support/documents.ts'

/** Backends that blocks name, in front of a block that shows another part of the file. */
const BACKENDS = `backends:
  - { name: gpu-a, kind: vllm, url: 'http://gpu-a:8000', models: [qwen3-32b] }
  - { name: mac, kind: ollama, url: 'http://127.0.0.1:11434' }
  - { name: openai, kind: openai, key: '\${OPENAI_API_KEY}' }
  - { name: anthropic, kind: anthropic, key: '\${ANTHROPIC_API_KEY}' }
`
const KEYS = "keys: [{ id: team-a, hash: 'sha256:...' }]\n"
const HASH = `sha256:${'0123456789abcdef'.repeat(4)}`

/** A whole configuration out of a block: what it leaves out for brevity is put in. */
function completed(text: string): string {
  const sections = Object.keys(parse(text) as object)
  let hashes = 0
  return [
    sections.includes('backends') ? '' : BACKENDS,
    sections.includes('keys') || !text.includes('key: [team-a]') ? '' : KEYS,
    text,
    '\n',
  ]
    .join('')
    .replaceAll('sha256:...', () => `${HASH.slice(0, -1)}${(hashes++).toString(16)}`)
}

interface Checked {
  readonly code: number
  readonly said: string
}

/** `turnout check` of a block. */
async function checked(folder: string, text: string): Promise<Checked> {
  await mkdir(folder, { recursive: true })
  const file = join(folder, 'turnout.yaml')
  await writeFile(file, completed(text))
  let said = ''
  const sink = { write: (text: string): void => void (said += text) }
  const io = {
    stdout: sink,
    stderr: sink,
    stdin: process.stdin,
    env: { ...EXAMPLE_ENV, OTLP_TOKEN: 'otlp-test' },
    cwd: folder,
  }
  return { code: await main(['check', file], io), said }
}

const YAML: readonly Block[] = DOCUMENTS.flatMap(blocks).filter(({ language }) => language === 'yaml')
/** Of Docker's compose, not of the gateway. */
const isCompose = ({ text }: Block): boolean => text.startsWith('services:')
/** A file of a provider. */
const isProvider = ({ text }: Block): boolean => /^kind:/m.test(text)

t.test('every YAML block is a configuration that `turnout check` accepts', async (t) => {
  const folder = t.testdir({})
  const own = YAML.filter((block) => !isCompose(block) && !isProvider(block))
  t.ok(own.length > 15, `${own.length} blocks`)
  t.strictSame(
    YAML.filter(isCompose).map(({ document }) => document),
    ['docker/README.md'],
  )
  for (const [index, { document, line, text }] of own.entries()) {
    const { code, said } = await checked(join(folder, String(index)), text)
    t.equal(code, 0, `${document}:${line}`, { said })
  }
})

t.test('the file of a provider in the documents is one that the gateway reads', async (t) => {
  const files = YAML.filter(isProvider)
  t.strictSame(
    files.map(({ document }) => document),
    ['docs/providers.md', 'docs/providers.md', 'docs/providers.md'],
  )
  for (const { document, line, text } of files)
    t.ok(providerSchema.safeParse(parse(text)).success, `${document}:${line}`)
})

t.test('a recipe of the README has no warning', async (t) => {
  const folder = t.testdir({})
  const recipes = blocks(README).filter(({ language }) => language === 'yaml')
  t.equal(recipes.length, 3)
  for (const [index, { text }] of recipes.entries()) {
    const { said } = await checked(join(folder, String(index)), text)
    t.notMatch(said, /^warning: /m)
  }
})

t.test('a block with an option that does not exist is refused', async (t) => {
  const { code, said } = await checked(t.testdir({}), 'limits: { tfft: 5s }\n')
  t.equal(code, 1)
  t.match(said, /tfft/)
})
