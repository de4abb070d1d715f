import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import t from 'tap'
import { chat } from '../support/chat.ts'
import { flaky, type Plan } from '../support/fault-plan.ts'
import type { RecordedRequest } from '../support/fault-record.ts'
import { startFaultUpstream } from '../support/fault-upstream.ts'
import { gatewayFor } from '../support/rig.ts'
import { configuration, line } from '../replay/samples.ts'
import { changeKeyFile } from '../../src/keys/key-file.ts'
import { storedKey } from '../keys/stored.ts'
import type { Report } from '../../src/replay/report-shape.ts'
import { finished } from '../ledger/finished.ts'
import { linesSegment } from '../ledger/lines.ts'
import { decided } from '../support/records.ts'
import { run as spawned, runHere as run } from './turnout.ts'

const CANDIDATES = [
  { id: 'x/dear', cost: 0.01, success: 0.9 },
  { id: 'y/plain', cost: 0.001, success: 0.7 },
]
const route = (strategy: string): object => ({ routes: [{ name: 'default', candidates: ['*'], strategy }] })
const FILES = {
  'a.yaml': stringify(configuration(route('best'))),
  'b.yaml': stringify(configuration(route('cheap'))),
}
const ARGS = ['replay', '--config', 'a.yaml', '--against', 'b.yaml']

/** Two backends, the dear one the better; `first`: the only route. */
const pricedConfig = (urls: readonly string[], first: object): Record<string, unknown> => ({
  backends: ['dear', 'plain'].map((name, index) => ({
    name,
    kind: 'openai-compatible',
    url: urls[index],
    models: ['tiny'],
    price: { input_per_mtok_usd: 20 ** (1 - index), output_per_mtok_usd: 40 ** (1 - index) },
  })),
  models: { 'dear/tiny': { quality: { default: 0.9 } }, 'plain/tiny': { quality: { default: 0.6 } } },
  routes: [{ name: 'default', candidates: ['*'], ...first }],
})

t.test('a log of a gateway against a cheaper policy', async (t) => {
  const upstreams = await Promise.all([startFaultUpstream({}), startFaultUpstream({})])
  for (const upstream of upstreams) t.teardown(() => upstream.close())
  const config = (strategy: string): Record<string, unknown> =>
    pricedConfig(
      upstreams.map(({ url }) => url),
      { explore: false, strategy },
    )
  const gateway = await gatewayFor(t, config('best'))
  for (let sent = 0; sent < 20; sent++) {
    const body = JSON.stringify(chat({ model: 'auto', stream: sent % 2 === 0 }))
    const answer = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    await answer.text()
  }
  await gateway.settled('turnout_requests_total', {}, 20)
  const cwd = t.testdir({
    'a.yaml': stringify(config('best')),
    'b.yaml': stringify({ ...config('cheap'), routes: [{ name: 'default', candidates: ['plain/*'] }] }),
    'traffic.jsonl': gateway.logged(),
  })
  const { code, out, err } = await spawned([...ARGS, 'traffic.jsonl', '--json'], { cwd })
  t.equal(code, 0, err)
  const report = JSON.parse(out)
  t.match(report, {
    requests: 20,
    skipped: { unreadable: 0, undecided: 0 },
    agreement: { a: 20, b: 0 },
    routed_otherwise: 0,
    moves: { requests: 20, pairs: [{ from: 'dear/tiny', to: 'plain/tiny' }] },
    measures: { ttft_ms: { requests: 10 }, total_ms: { requests: 20, happened: { requests: 20 } } },
  })
  const { happened, corrected, expected } = report.measures.cost_usd
  t.ok(happened.mean > 0)
  t.ok(expected.difference.high < 0, 'it is cheaper')
  t.equal(corrected.a, happened.mean, 'where all agree the correction is what happened')
  const table = await run([...ARGS, 'traffic.jsonl'], { cwd })
  t.match(table.out, /^ +20 {2}requests compared$/m)
  t.match(table.out, /^cost of 1000, USD +/m)
  t.match(table.out, /dear\/tiny -> plain\/tiny/)
  t.match(table.out, /warning: There is little evidence for B/)
  t.ok(table.out.split('\n').every((text) => text.length <= 120))
  if (process.env['SHOW'] === '1') t.comment(table.out)
})

t.test('a log, a ledger and its printed lines give the same report of the same requests', async (t) => {
  const rule = (request: RecordedRequest): Plan | undefined =>
    flaky(5, { status: 503 })(request) ?? flaky(7, { status: 400 })(request)
  const upstreams = await Promise.all([startFaultUpstream({ rule }), startFaultUpstream({ rule })])
  for (const upstream of upstreams) t.teardown(() => upstream.close())
  const urls = upstreams.map(({ url }) => url)
  const cwd = t.testdir({
    'a.yaml': stringify(pricedConfig(urls, { strategy: 'best' })),
    'b.yaml': stringify(pricedConfig(urls, { strategy: 'cheap' })),
    data: {},
  })
  const gateway = await gatewayFor(t, {
    ...pricedConfig(urls, { strategy: 'best' }),
    // They are nearly as good as each other, so that chance has a part.
    backends: ['dear', 'plain'].map((name, index) => ({
      name,
      kind: 'openai-compatible',
      url: urls[index],
      models: ['tiny'],
      price: { input_per_mtok_usd: 1.01 - index / 100, output_per_mtok_usd: 2 },
    })),
    models: {},
    store: { ledger: join(cwd, 'data') },
  })
  // Answers whole and streamed, retries, requests that a backend refuses, names of a model and of none.
  const bodies = Array.from({ length: 40 }, (_, sent) => ({
    ...chat({ model: sent % 7 === 0 ? 'plain/tiny' : sent % 11 === 0 ? 'none' : 'auto', stream: sent % 2 === 0 }),
  }))
  for (const body of bodies) {
    const headers = { 'content-type': 'application/json' }
    const init = { method: 'POST', headers, body: JSON.stringify(body) }
    const answer = await fetch(`${gateway.url}/v1/chat/completions`, init)
    await answer.text()
  }
  await gateway.settled('turnout_requests_total', {}, bodies.length)
  await gateway.close()
  await writeFile(join(cwd, 'traffic.jsonl'), gateway.logged())
  const printed = await spawned(['ledger', '--folder', 'data', '--decisions'], { cwd })
  await writeFile(join(cwd, 'rows.jsonl'), printed.out)
  const [segment] = await readdir(join(cwd, 'data'))

  const reportFrom = async (source: string, input = ''): Promise<Report> => {
    const { code, out, err } = await run([...ARGS, source, '--json'], { cwd, input })
    t.equal(err, '', source)
    t.equal(code, 0, source)
    const report = JSON.parse(out) as Report
    // Lines of other kinds are in a log, and among the printed rows.
    return { ...report, skipped: { ...report.skipped, other_lines: 0 } }
  }
  const logged = await reportFrom('traffic.jsonl')
  t.ok(logged.requests > 20)
  t.ok(logged.evidence.drawn > 0, 'some were chosen with a part of chance')
  t.ok(logged.skipped.undecided > 0, 'some were not decided')
  const { happened, requests } = logged.measures.success
  t.ok(happened.requests < requests, 'of some it is not known how they would have ended')
  t.strictSame(await reportFrom('data'), logged, 'the folder')
  t.strictSame(await reportFrom(join('data', segment!)), logged, 'a segment')
  t.strictSame(await reportFrom('rows.jsonl'), logged, 'what is printed of it')
  t.strictSame(await reportFrom('-', printed.out), logged, 'the same on standard input')
  await mkdir(join(cwd, 'earlier'))
  await writeFile(join(cwd, 'earlier', segment!.replace('.ledger', '.jsonl')), printed.out)
  t.strictSame(await reportFrom('earlier'), logged, 'a ledger of lines, as earlier versions wrote it')

  const bare = await spawned(['ledger', '--folder', 'data'], { cwd })
  const { code, out } = await run([...ARGS, '-'], { cwd, input: bare.out })
  t.equal(code, 1)
  t.match(out, /^ +\d+ {2}rows of a ledger without the decision, skipped$/m)
  t.match(out.replaceAll(/\s+/g, ' '), 'they were printed without `--decisions`')
})

t.test('what of a ledger is left out is said, and a folder without one as well', async (t) => {
  const cwd = t.testdir({ ...FILES, data: {}, none: { 'notes.txt': '' } })
  const segment = await linesSegment(join(cwd, 'data'), [finished({ id: 'a', decision: decided() })])
  await writeFile(segment, `${await readFile(segment, 'utf8')}{"kind":`)
  const { out, err } = await run([...ARGS, 'data', '--verbose'], { cwd })
  t.match(out, /^ +1 {2}no decision with candidates, a choice and an outcome in it, skipped$/m)
  t.equal(
    err,
    'request a: a request without a decision that can be replayed\n' +
      'turnout replay: 1 line incomplete: a request that is being written, or whose gateway was killed\n',
  )
  t.match(await run([...ARGS, 'none'], { cwd }), {
    code: 1,
    out: '',
    err: 'turnout replay: none: holds no segment of a ledger\n',
  })
})

t.test('standard input; a last line that is cut off; bad lines by number', async (t) => {
  const cwd = t.testdir(FILES)
  const input = `${line({ id: '1', candidates: CANDIDATES })}\n\nnot JSON\n{"msg":"listening"}\n${line({ candidates: CANDIDATES }).slice(0, 300)}`
  const { code, out, err } = await run([...ARGS, '-', '--verbose'], { cwd, input })
  t.equal(code, 0, err)
  t.match(out, /^ +1 {2}other lines of the log, skipped$/m)
  t.match(out, /^ +1 {2}the last line, cut off, skipped$/m)
  t.equal(err, 'line 3: not JSON\nline 5: cut off\n')
  t.equal((await run([...ARGS, '-'], { cwd, input })).err, '')
})

t.test('of a gateway with a brief log it says what to set', async (t) => {
  const upstream = await startFaultUpstream({})
  t.teardown(() => upstream.close())
  const gateway = await gatewayFor(t, {
    backends: [{ name: 'x', kind: 'openai-compatible', url: upstream.url, models: ['tiny'] }],
    server: { log_decisions: 'never' },
  })
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(chat()) }
  await (await fetch(`${gateway.url}/v1/chat/completions`, init)).text()
  await gateway.settled('turnout_requests_total', {}, 1)
  const cwd = t.testdir({ ...FILES, 'traffic.jsonl': gateway.logged() })
  const { code, out, err } = await run([...ARGS, 'traffic.jsonl', '--verbose'], { cwd })
  t.equal(code, 1)
  t.match(out, /^ +1 {2}without the decision, which `server.log_decisions: always` writes, skipped$/m)
  t.match(out.replaceAll(/\s+/g, ' '), 'set `server.log_decisions: always`, and replay what is logged from then on')
  t.match(out.replaceAll(/\s+/g, ' '), 'replay the folder of the ledger (`store.ledger`)')
  t.match(err, /^line \d+: a request without its decision$/m)
})

t.test('bounds of the keys of a key file hold', async (t) => {
  const routes = [
    { name: 'default', candidates: ['*'], strategy: 'best' },
    { name: 'small', candidates: ['y/*'] },
  ]
  const cwd = t.testdir({
    'a.yaml': stringify(configuration({ routes })),
    'b.yaml': stringify(configuration({ routes, store: { keys: './keys.json' } })),
  })
  await changeKeyFile(join(cwd, 'keys.json'), () => [
    storedKey('bound', 'a', { routes: ['small'] }),
    storedKey('revoked', 'b', { routes: ['small'], revoked_at: '2026-01-02T00:00:00.000Z' }),
    storedKey('free', 'c'),
  ])
  const moved = async (caller: string): Promise<unknown> => {
    const input = line({ candidates: CANDIDATES, line: { caller } })
    const { out, err } = await run([...ARGS, '-', '--json'], { cwd, input })
    t.equal(err, '')
    return JSON.parse(out).moves.pairs
  }
  t.match(await moved('bound'), [{ from: 'x/dear', to: 'y/plain' }])
  t.match(await moved('revoked'), [{ from: 'x/dear', to: 'y/plain' }], 'it was bound when it was used')
  t.strictSame(await moved('free'), [])
  await writeFile(join(cwd, 'keys.json'), '{}')
  t.match(await run([...ARGS, '-'], { cwd }), {
    code: 1,
    out: '',
    err: /^turnout replay: the key file is not a key file /,
  })
})

t.test('a log without requests is 1', async (t) => {
  const cwd = t.testdir({ ...FILES, 'empty.jsonl': '' })
  t.match(await run([...ARGS, 'empty.jsonl'], { cwd }), { code: 1, out: /^ +0 {2}requests compared$/m, err: '' })
})

t.test('what cannot be read is said in one line', async (t) => {
  const cwd = t.testdir({ ...FILES, 'wrong.yaml': 'backends: 3' })
  for (const [args, message] of [
    [[...ARGS, 'none.jsonl'], /^turnout replay: none\.jsonl: cannot be read \(ENOENT\)$/m],
    [[...ARGS, '.'], /^turnout replay: \.: holds no segment of a ledger$/m],
    [
      ['replay', '--config', 'a.yaml', '--against', 'none.yaml', '-'],
      /none\.yaml:\s+cannot be read: there is no such file; write/,
    ],
    [
      ['replay', '--config', 'a.yaml', '--against', 'wrong.yaml', '-'],
      /wrong\.yaml:1:11:\n {2}backends: is a number; write a list: each entry begins with "- "$/m,
    ],
  ] as const) {
    const { code, out, err } = await run(args, { cwd })
    t.equal(code, 1, args.join(' '))
    t.equal(out, '')
    t.match(err, message)
    t.notMatch(err, /^ +at /m, 'no stack')
  }
})

t.test('wrong usage is 2', async (t) => {
  const cwd = t.testdir(FILES)
  for (const [args, err] of [
    [[], /^turnout replay: --against FILE is missing: the other configuration$/m],
    [['a'], /^turnout replay: --against FILE is missing: the other configuration$/m],
    [['--against', 'b.yaml', 'a'], /^turnout replay: no configuration found; give --config$/m],
    [['--against', 'b.yaml', 'a', 'b'], /^turnout replay: "b" is one word too many$/m],
    [['--what', 'a'], /^turnout replay: there is no flag --what$/m],
  ] as const) {
    t.match(await run(['replay', ...args], { cwd }), { code: 2, out: '', err }, args.join(' '))
    t.match((await run(['replay', ...args], { cwd })).err, /^usage: turnout replay SOURCE --against FILE /m)
  }
})
