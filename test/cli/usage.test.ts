import t from 'tap'
import type { Command, FlagRow, Flags } from '../../src/cli/command.ts'
import { COMMANDS } from '../../src/cli/commands.ts'
import { aloneOf } from '../../src/cli/find-command.ts'
import { parsedCall } from '../../src/cli/parse-call.ts'
import { hasValue, valueText } from '../../src/cli/row-text.ts'
import { wrapped } from '../../src/core/wrapped.ts'
import { type Ran, run as spawned, runHere } from './turnout.ts'

const run = (...argv: string[]): Promise<Ran> => runHere(argv, { cwd: t.testdirName })

const ALL: readonly Command[] = COMMANDS.flatMap((entry) => ('commands' in entry ? entry.commands : [entry]))
const flagsOf = async (command: Command): Promise<Flags> => ({ ...command.flags, ...(await command.moreFlags?.()) })
const wordsOf = ({ name }: Command): string[] => name.split(' ')

/** Commands of a line of a shell: words in quotes are one, and redirections are the shell's. */
const callsIn = (line: string): string[][] =>
  line
    .split(/ (?:\||&&) /)
    .map((call) =>
      [...call.replace(/ [<>] .*$/, '').matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
        ([, one, two, bare]) => one ?? two ?? bare ?? '',
      ),
    )
    .filter(([program]) => program === 'turnout')

t.test('the list of commands fits into 80 columns and names each of them', async (t) => {
  const { code, out, err } = await run('help')
  t.equal(code, 0)
  t.equal(err, '')
  t.strictSame(out.split('\n').filter((line) => line.length > 80), []) // prettier-ignore
  t.ok(COMMANDS.length > 10)
  for (const { name, summary } of COMMANDS) t.ok(out.split('\n').some((line) => line.startsWith(`  ${name} `) && line.endsWith(summary)), name) // prettier-ignore
  for (const ask of ['--help', '-h']) t.equal((await run(ask)).out, out, ask)
})

t.test('every command says what it takes, in 80 columns, the same in three ways', async (t) => {
  for (const command of ALL) {
    const { name, summary, args } = command
    const { code, out, err } = await run(...wordsOf(command), '--help')
    t.strictSame([code, err], [0, ''], name)
    t.strictSame(out.split('\n').filter((line) => line.length > 80), [], name) // prettier-ignore
    t.ok(out.startsWith(`turnout ${name}: ${summary}\n\nusage: turnout ${name}`), name)
    for (const [flag, row] of Object.entries<FlagRow>(await flagsOf(command))) {
      const line = `--${flag} ${valueText(row)}`.trim()
      t.ok(
        new RegExp(`^ {2}(?:-\\w, )?${line.replaceAll('|', '\\|')}(?:\n {10,}| {2,})\\S`, 'm').test(out),
        `${name} ${line}`,
      )
      t.match(row.doc, /\w{3}/, `${name} ${line}`)
    }
    for (const arg of Object.values(args)) t.ok(out.includes(`\n  ${valueText(arg)} `), `${name} ${valueText(arg)}`)
    t.equal((await run(...wordsOf(command), '-h')).out, out, name)
    t.equal((await run('help', ...wordsOf(command))).out, out, name)
  }
})

t.test('a group of commands lists them, and says so where one is missing', async (t) => {
  for (const group of COMMANDS) {
    if (!('commands' in group)) continue
    const { code, out } = await run(group.name, '--help')
    t.equal(code, 0)
    t.strictSame(out.split('\n').filter((line) => line.length > 80), [], group.name) // prettier-ignore
    for (const { name } of group.commands.filter(({ name }) => name !== group.name))
      t.match(out, `\n  turnout ${name} `)
    t.equal((await run('help', group.name)).out, out)
    // What a group does without a second word is a command of its own.
    if (aloneOf(group) !== undefined) continue
    const bare = await run(group.name)
    t.strictSame([bare.code, bare.out], [2, ''])
    t.ok(bare.err.endsWith(out.slice(out.indexOf('usage:'))))
  }
  t.match(await run('key', 'creat'), {
    code: 2,
    err: /^turnout key: there is no "key creat"; did you mean "create"\?$/m,
  })
  t.match(await run('help', 'key', 'creat'), { code: 2, err: /there is no "key creat"/ })
  t.match(await run('models', 'serach', 'qwen'), {
    code: 2,
    err: /there is no "models serach"; did you mean "search"\?/,
  })
  t.match(await run('help', 'models', 'shwo'), { code: 2, err: /"shwo" is one word too many/ })
})

t.test('every command has two examples, of it, that can be called as they stand', async (t) => {
  for (const command of ALL) {
    const { name, examples } = command
    t.ok(examples.length >= 2, name)
    for (const { line, does } of examples) {
      t.match(does, /\w{3}/, line)
      const calls = callsIn(line)
      t.ok(calls.length > 0, line)
      t.ok(
        calls.some(([, ...words]) => words.join(' ').startsWith(name) || name === 'version'),
        `${line} is of ${name}`,
      )
      for (const [, ...words] of calls) {
        const of =
          words[0] === '--version'
            ? undefined
            : ALL.toReversed().find((one) => `${words.join(' ')} `.startsWith(`${one.name} `))
        t.ok(of !== undefined || words[0] === '--version', line)
        if (of === undefined) continue
        const more = (await of.moreFlags?.()) ?? {}
        t.doesNotThrow(() => parsedCall(of, more, words.slice(wordsOf(of).length)), line)
      }
    }
  }
})

t.test(
  'an unknown flag, and one that is nearly right, is told with the usage, for every flag of every command',
  async (t) => {
    for (const command of ALL) {
      const { name } = command
      const flags = await flagsOf(command)
      t.match(await run(...wordsOf(command), '--xylophone'), {
        code: 2,
        out: '',
        err: new RegExp(`^turnout ${name}: there is no flag --xylophone\nusage: turnout ${name}[^]*\`turnout ${name} --help\` says more\n$`), // prettier-ignore
      })
      for (const [flag, row] of Object.entries<FlagRow>(flags)) {
        if (flag.length < 3) continue
        const typo = flag.slice(0, -2) + flag.slice(-1) + flag.slice(-2, -1)
        if (typo === flag || typo in flags) continue
        const { code, err } = await run(...wordsOf(command), `--${typo}`)
        t.equal(code, 2, `${name} --${typo}`)
        t.match(err, `turnout ${name}: there is no flag --${typo}; did you mean --${flag}?\n`)
        if (!hasValue(row)) t.match((await run(...wordsOf(command), `--${flag}=1`)).err, `--${flag} takes no value`)
        else
          t.match(
            (await run(...wordsOf(command), `--${flag}`)).err,
            `--${flag} ${valueText(row)}: the value is missing\n`,
          )
      }
    }
  },
)

t.test('a wrong command is told with the one that was meant', async (t) => {
  for (const { name } of COMMANDS) {
    const typo = name + name.slice(-1)
    t.match(await run(typo), {
      code: 2,
      out: '',
      err: `turnout: there is no command "${typo}"; did you mean "${name}"?\n`,
    })
  }
  const guesses = ALL.flatMap(({ name, guesses = [] }) => guesses.map((word) => [word, name] as const)) // prettier-ignore
  t.ok(guesses.length > 10)
  t.equal(new Set(guesses.map(([word]) => word)).size, guesses.length, 'a guess means one command')
  for (const [word, name] of guesses) {
    t.notOk(COMMANDS.some((entry) => entry.name === word), word) // prettier-ignore
    t.match((await run(word)).err, `there is no command "${word}"; did you mean "${name}"?\n`)
  }
  t.match(await run('--port', '1'), { code: 2, err: /flags stand behind a command, as in `turnout serve --port 8080`/ })
})

t.test('habits of other programs are told what to write here', async (t) => {
  for (const [argv, why] of [
    [['serve', 'turnout.yaml'], '"turnout.yaml" is one word too many; write --config turnout.yaml'],
    [['serve', 'mine.yml', '--port', '1'], '"mine.yml" is one word too many; write --config mine.yml'],
    [['serve', 'a.yaml', '--config', 'b.yaml'], '"a.yaml" is one word too many'],
    [['serve', 'now'], '"now" is one word too many'],
    [['ledger', '--json'], 'there is no flag --json; write --format jsonl'],
  ] as const) {
    const { code, err } = await run(...argv)
    t.equal(code, 2, argv.join(' '))
    t.ok(err.startsWith(`turnout ${argv[0]}: ${why}\nusage: `), err)
  }
})

t.test('-c is --config and -m is --model, wherever a request or a gateway has them', async (t) => {
  const shorts = (flag: string): (string | undefined)[] =>
    ALL.filter(({ flags }) => flag in flags).map(({ flags }) => flags[flag]?.short)
  t.ok(shorts('config').length > 10)
  t.strictSame([...new Set(shorts('config'))], ['c'])
  for (const name of ['route', 'chat', 'connect'])
    t.equal(ALL.find((command) => command.name === name)?.flags['model']?.short, 'm', name)
})

t.test('flags are read as they are written', async (t) => {
  const read = (...argv: string[]): unknown => {
    const row = {
      name: 'x',
      summary: '',
      examples: [],
      args: { file: { takes: 'FILE', doc: 'a file', needed: true } },
      flags: {
        port: { takes: 'PORT', doc: '', short: 'p' },
        json: { doc: '' },
        label: { takes: 'k=v', doc: '', many: true },
        as: { words: ['csv', 'json'], doc: '', fallback: 'csv' },
      },
      either: [{ flags: ['json', 'port'], why: 'one of both' }],
    } as const
    return parsedCall(row, { late: { takes: 'N', doc: '' } }, argv)
  }
  const none = { port: undefined, json: false, label: undefined, as: 'csv' }
  t.strictSame(read('a'), { flags: none, args: { file: 'a' }, more: {} })
  t.strictSame(read('-', '-p', '1', '--late=2'), {
    flags: { ...none, port: '1' },
    args: { file: '-' },
    more: { late: '2' },
  })
  t.strictSame(read('--label', 'a=1', '--json', '--label=b=2', '--as', 'json', '--', '--port'), {
    flags: { ...none, json: true, label: ['a=1', 'b=2'], as: 'json' },
    args: { file: '--port' },
    more: {},
  })
  for (const [argv, why] of [
    [[], 'FILE is missing: a file'],
    [['a', 'b'], '"b" is one word too many'],
    [['a', '--json', '--port', '1'], 'one of both'],
    [['a', '--port', '--json'], '--port PORT: the value is missing; write --port=--json where "--json" is it'],
    [['a', '-json'], 'there is no flag -json; did you mean --json?'],
    [['a', '--as', 'cvs'], '--as: "cvs" is none of csv, json; did you mean "csv"?'],
    [['a', '--hlep'], 'there is no flag --hlep; did you mean --help?'],
    [['a', '--toString'], 'there is no flag --toString'],
    [['a', '--__proto__=1'], 'there is no flag --__proto__'],
  ] as const)
    t.throws(() => read(...argv), { message: why }, argv.join(' '))
})

t.test('words without quotes are one text where a command takes one', async (t) => {
  const row = { name: 'x', summary: '', examples: [], flags: {}, args: { text: { takes: 'TEXT', doc: 'a text', needed: true, rest: true } } } as const // prettier-ignore
  t.equal(parsedCall(row, {}, ['two', 'words']).args.text, 'two words')
  t.equal(parsedCall(row, {}, ['one']).args.text, 'one')
  t.throws(() => parsedCall(row, {}, []), { message: 'TEXT is missing: a text' })
})

t.test('no package is loaded for the version, the list, help and wrong usage', async (t) => {
  const cwd = t.testdir({})
  for (const args of [['--version'], ['help'], ['serve', '--help'], ['serve', '--prot', '1']]) {
    const { err, out } = await spawned(args, { cwd, env: { NODE_DEBUG: 'module,esm' } })
    t.not(out + err, '')
    t.notMatch(err, /node_modules\//, args.join(' '))
  }
})

t.test('a text is broken at spaces, and a word that is too long keeps a line of its own', async (t) => {
  t.equal(wrapped('one two three', 7), 'one two\nthree\n')
  t.equal(wrapped('one', 7), 'one\n')
  t.equal(wrapped('a incomprehensible b', 7), 'a\nincomprehensible\nb\n')
})
