import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { linesOfTrace, madeUpTrace } from '../simulate/traces.ts'
import { runHere as run } from './turnout.ts'

const TRACE = madeUpTrace(200, 4)

t.test('the table fits in 80 columns, and JSON is one line with all policies', async (t) => {
  const cwd = t.testdir({ 'load.jsonl': linesOfTrace(TRACE) })
  const asked = ['simulate', '--trace', 'load.jsonl', '--fleet', '2,1']
  const { code, out, err } = await run([...asked, '--seeds', '1,2'], { cwd })
  t.strictSame([code, err], [0, ''], 'nothing is written beside it where nobody looks on')
  t.match(out, /^200 requests\n\npolicy +TTFT mean s +p50 +p99 +hits % +broken +refused\n/)
  t.strictSame(
    out.split('\n').filter((line) => line.length > 80),
    [],
  )
  const some = await run([...asked, '--policies', 'turnout, epp,turnout:round_robin', '--json'], { cwd })
  const { policies } = JSON.parse(some.out) as { policies: Record<string, Record<string, number>> }
  t.equal(some.out.trimEnd().split('\n').length, 1)
  t.strictSame(Object.keys(policies), ['turnout', 'epp', 'turnout:round_robin'])
  for (const { ttft_mean_s: mean, ttft_p99_s: p99, hit_rate: hits, finished } of Object.values(policies)) {
    t.ok(mean! > 0 && p99! >= mean! && hits! > 0 && hits! < 1)
    t.equal(finished, 200)
  }
})

t.test('load and fleet are changed as asked for', async (t) => {
  const cwd = t.testdir({ 'load.jsonl': linesOfTrace(TRACE) })
  const figures = async (...more: readonly string[]): Promise<Record<string, number>> => {
    const asked = ['simulate', '--trace', 'load.jsonl', '--fleet', '2x1', '--policies', 'reference', '--json']
    const { out } = await run([...asked, ...more], { cwd })
    return (JSON.parse(out) as { policies: { reference: Record<string, number> } }).policies.reference
  }
  const plain = await figures()
  t.equal((await figures('--limit', '50'))['requests'], 50)
  t.ok((await figures('--rate', '3'))['ttft_mean_s']! > 2 * plain['ttft_mean_s']!)
  t.ok((await figures('--burst', 'x4@10s'))['ttft_mean_s']! > plain['ttft_mean_s']!)
  const death = await figures('--death', '1@20s+10s')
  t.equal(death['finished']! + death['broken']!, 200)
  t.not((await figures('--gateways', '2', '--stale', '5s'))['ttft_mean_s'], plain['ttft_mean_s'])
})

t.test('a trace that cannot be read is told with its line', async (t) => {
  const cwd = t.testdir({ 'bad.jsonl': `${linesOfTrace(TRACE.slice(0, 2))}\n{"timestamp": 0}\n`, 'none.jsonl': '\n' })
  await writeFile(join(cwd, 'half.jsonl'), '{"timestamp":')
  for (const [file, says] of [
    ['bad.jsonl', 'bad.jsonl: line 3: input_length is missing'],
    ['half.jsonl', 'half.jsonl: line 1: is not JSON'],
    ['none.jsonl', 'none.jsonl: has no requests'],
    ['away.jsonl', 'away.jsonl: cannot be read (ENOENT)'],
  ] as const) {
    const { code, out, err } = await run(['simulate', '--trace', file], { cwd })
    t.strictSame([code, out], [1, ''], file)
    t.match(err.replaceAll(/\s+/g, ' '), `turnout simulate: ${says}`)
  }
})

t.test('wrong usage says what is wrong', async (t) => {
  const cwd = t.testdir({ 'load.jsonl': linesOfTrace(TRACE.slice(0, 2)) })
  for (const [flag, value, says] of [
    ['fleet', '4y', '"4y" is no engine'],
    ['policies', 'best', '--policies: there is no policy "best"; there are round_robin,'],
    ['policies', 'turnout:quick', '--policies: "quick" is no strategy'],
    ['policies', 'epp:fast', '--policies: only turnout takes a strategy'],
    ['seeds', '1,x', '--seeds: "x" is not a whole number of 0 or more'],
    ['gateways', '0', '--gateways: "0" is not a whole number from 1 to 64'],
    ['gateways', '1000000000', '--gateways: "1000000000" is not a whole number from 1 to 64'],
    ['models', '1e9', '--models: "1e9" is not a whole number from 1 to 1000'],
    ['stale', '5', '--stale: "5" is not a time; write it like 5s, or never'],
    ['burst', '3', '--burst: "3": write how many times'],
    ['death', '9@1s+1s', '--death: "9@1s+1s": there is no engine 9; the fleet has 6'],
    ['rate', '0', '--rate: "0" is not a number above 0'],
    ['limit', '1.5', '--limit: "1.5" is not a whole number of 1 or more'],
  ] as const) {
    const { code, err } = await run(['simulate', '--trace', 'load.jsonl', `--${flag}`, value], { cwd })
    t.equal(code, 2, flag)
    t.match(err.replaceAll(/\s+/g, ' '), says)
  }
})
