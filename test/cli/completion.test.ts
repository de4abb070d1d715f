import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { writeFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { AGENTS } from '../../src/cli/agents.ts'
import type { FlagRow } from '../../src/cli/command.ts'
import { COMMANDS } from '../../src/cli/commands.ts'
import { verbsOf } from '../../src/cli/find-command.ts'
import { LEDGER } from '../../src/cli/rows/books.ts'
import { within } from '../support/await.ts'
import { runHere } from './turnout.ts'
import { isRequired } from '../support/required.ts'

async function scriptOf(shell: string): Promise<string> {
  const { code, out, err } = await runHere(['completion', shell], { cwd: '/' })
  if (code !== 0) throw new Error(err)
  return out
}

const folder = (t: Test): string => t.testdir({ 'my file.yaml': '', 'other.json': '', afolder: { 'inner.yaml': '' } })

async function output(command: string, args: readonly string[], cwd: string, input = ''): Promise<string> {
  const child = spawn(command, args, { cwd, env: { PATH: process.env['PATH'], HOME: cwd, TERM: 'dumb' } })
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  child.stdin.end(input)
  await within(60_000, command, once(child, 'close'))
  if (err !== '') throw new Error(err)
  return out
}

const names = COMMANDS.map(({ name }) => name)
const verbs = (group: string): string[] =>
  COMMANDS.flatMap((entry) => (entry.name === group && 'commands' in entry ? verbsOf(entry) : []))
const flagsOf = (command: string): string[] =>
  COMMANDS.flatMap((entry) =>
    entry.name === command && 'flags' in entry ? [...Object.keys(entry.flags), 'help'].map((name) => `--${name}`) : [],
  )

/** A line up to the cursor, and what may stand in the place of its last word. */
const CASES: readonly (readonly [line: string, offered: readonly string[]])[] = [
  ['turnout ', names],
  ['turnout ser', ['serve']],
  ['turnout xyz', []],
  ['turnout key ', verbs('key')],
  ['turnout key cr', ['create']],
  ['turnout models ', verbs('models')],
  ['turnout models s', ['show', 'search']],
  ['turnout models --js', ['--json']],
  ['turnout models show my', ['my file.yaml']],
  ['turnout models show x.gguf --cache-k q8', ['q8_0']],
  ['turnout serve --', flagsOf('serve')],
  ['turnout serve --config x.yaml --po', ['--port']],
  ['turnout serve --port ', []],
  ['turnout key create --bud', ['--budget']],
  ['turnout key create --budget 5/day --te', ['--team']],
  ['turnout ledger --format ', LEDGER.flags.format.words],
  ['turnout ledger --format c', ['csv']],
  ['turnout ledger --folder ', ['afolder']],
  ['turnout check ', ['my file.yaml', 'other.json', 'afolder']],
  ['turnout check m', ['my file.yaml']],
  ['turnout check other.json ', []],
  ['turnout check --config', ['--config']],
  ['turnout replay --against my', ['my file.yaml']],
  ['turnout replay --against other.json ot', ['other.json']],
  ['turnout connect cla', ['claude-code']],
  ['turnout connect ', AGENTS.map(({ id }) => id)],
  ['turnout route --model auto:cheap --js', ['--json']],
  ['turnout route -m auto --js', ['--json']],
  ['turnout completion ', ['bash', 'zsh', 'fish']],
  ['turnout help ke', ['key']],
  ['turnout state res', ['reset']],
]

const sorted = (words: readonly string[]): string[] => [...new Set(words)].sort()

t.test('bash completes commands, flags, their values, files and agents', async (t) => {
  const cwd = folder(t)
  // As readline parts them: an equals sign and a colon are words.
  const wordsOf = (line: string): string[] => line.split(' ').flatMap((word) => (/[=:]/.test(word) ? (word.match(/[^=:]+|[=:]/g) ?? []) : [word])) // prettier-ignore
  const cases = [...CASES, ['turnout ledger --format=', LEDGER.flags.format.words], ['turnout ledger --format=c', ['csv']], ['turnout ledger --sum mo', ['model', 'month']], ['turnout ledger --format=csv --dec', ['--decisions']]] as const // prettier-ignore
  const calls = cases.map(([line]) => {
    const words = wordsOf(line)
    return `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _turnout; printf '%s\\n' "\${COMPREPLY[@]}" ---`
  })
  const out = await output('bash', ['--norc', '--noprofile'], cwd, `${await scriptOf('bash')}\n${calls.join('\n')}\n`)
  const found = out.split('---\n').map((text) => text.split('\n').filter((word) => word !== ''))
  for (const [index, [line, offered]] of cases.entries())
    t.strictSame(sorted(found[index] ?? []), sorted(offered), line)
})

t.test('the scripts name every command, every flag and every value', async (t) => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const script = await scriptOf(shell)
    for (const entry of COMMANDS)
      for (const command of 'commands' in entry ? entry.commands : [entry]) {
        t.ok(script.includes(command.name), `${shell}: ${command.name}`)
        for (const [name, flag] of Object.entries<FlagRow>({ ...command.flags, ...(await command.moreFlags?.()) })) {
          t.match(script, shell === 'fish' ? `-l ${name} ` : `--${name}`)
          for (const word of flag.words ?? []) t.match(script, word)
        }
      }
  }
})

const without = (shell: string): string | false =>
  isRequired(shell) || spawnSync(shell, ['--version']).status === 0 ? false : `needs ${shell}`

t.test('fish completes the same', { skip: without('fish') }, async (t) => {
  const cwd = folder(t)
  const script = join(cwd, 'turnout.fish')
  writeFileSync(script, await scriptOf('fish'))
  for (const [line, offered] of CASES) {
    const out = await output('fish', ['--no-config', '-c', `source ${script}; complete -C '${line}'`], cwd)
    const found = out.split('\n').flatMap((one) => (one === '' ? [] : [one.split('\t')[0] ?? '']))
    t.strictSame(sorted(found.map((word) => word.replace(/\/$/, '')).filter((word) => word !== 'turnout.fish')), sorted(offered), line) // prettier-ignore
  }
})

/** The completion system of zsh as far as the script calls it: it prints what it is given, as far as that begins as the word does. */
const ZSH = `
compdef() { }
offer() { for one in "$@"; do [[ $one == "$PREFIX"* ]] && print -r -- "$one"; done }
compadd() { shift; offer "$@" }
_describe() { local -a items; items=("\${(@P)@[-1]}"); offer "\${items[@]%%:*}" }
_files() { if [[ $1 == -/ ]]; then offer *(/N); else offer *(N); fi }
compset() { PREFIX=\${PREFIX#*=} }
complete_line() { words=("$@"); CURRENT=$#words; PREFIX=$words[-1]; _turnout; print -- --- }
`

t.test('zsh completes the same', { skip: without('zsh') }, async (t) => {
  const cwd = folder(t)
  const cases = [...CASES, ['turnout ledger --format=c', ['csv']]] as const
  const calls = cases.map(([line]) => `complete_line ${line.split(' ').map((word) => `'${word}'`).join(' ')}`) // prettier-ignore
  const out = await output('zsh', ['-f'], cwd, `${ZSH}\n${await scriptOf('zsh')}\n${calls.join('\n')}\n`)
  const found = out.split('---\n').map((text) => text.split('\n').filter((word) => word !== ''))
  for (const [index, [line, offered]] of cases.entries())
    t.strictSame(sorted(found[index] ?? []), sorted(offered), line)
})
