/** Each scenario for each contender, round by round. */
import { type Bench, type Entrant, pidsOf } from './bench.ts'
import { type Name, setupOf } from './contenders.ts'
import type { Outcome } from './figures.ts'
import type { Options } from './options.ts'
import { memoryMb } from './proc.ts'
import type { Scenario } from './scenarios.ts'
import { warmUp } from './warm.ts'

export type Entrants = ReadonlyMap<Name, Entrant>

export const say = (line: string): void => void process.stdout.write(`${line}\n`)

/** Until each contender is steady. Those that are no Node are at once. */
export async function warmUpAll(
  bench: Bench,
  entrants: Entrants,
  list: readonly Scenario[],
  options: Options,
): Promise<void> {
  for (const [name, entrant] of entrants) {
    if (!entrant.running.onNode) continue
    for (const scenario of list) {
      const { load } = scenario
      if (load.shape !== 'closed' || scenario.warmUp === null || !takesPart(name, scenario, options)) continue
      const costs = await warmUp(bench, entrant, load, scenario.warmUp)
      if (scenario.name === 'chat')
        say(`${name}: us per request while it warmed up: ${costs.map(Math.round).join(' ')}`)
    }
  }
}

/** Whether a scenario says something of a contender, and is wished for. */
function takesPart(name: Name, scenario: Scenario, { all }: Options): boolean {
  if (name === 'direct') return scenario.direct
  if (scenario.name === 'garbage' && name === 'nginx') return false
  const only = setupOf(name)?.configuration.only ?? null
  return all || only === null || only.includes(scenario.name)
}

async function outcomeOf(
  bench: Bench,
  entrant: Entrant,
  scenario: Scenario,
  options: Options,
): Promise<Omit<Outcome, 'round'>> {
  const known = { scenario: scenario.name, name: entrant.running.name, memory: null, garbage: null }
  if (scenario.name === 'memory') {
    await new Promise((done) => setTimeout(done, options.lengths.idle))
    const idle = memoryMb(pidsOf(entrant.running))
    const { cell, readings } = await bench.measureMemory(entrant, scenario.load)
    return { ...known, cell, memory: { idle, peak: Math.max(idle, ...readings) } }
  }
  if (scenario.name === 'garbage') return { ...known, ...(await bench.measureGarbage(entrant, scenario.load)) }
  return { ...known, cell: await bench.measure(entrant, scenario.load, scenario.times !== null) }
}

export async function rounds(
  bench: Bench,
  entrants: Entrants,
  options: Options,
  list: readonly Scenario[],
): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (let round = 0; round < options.rounds; round++) {
    say(`round ${round + 1} of ${options.rounds}`)
    for (const scenario of list) {
      // Nobody is always the first one after a change of load.
      const names = [...entrants.keys()].filter((name) => takesPart(name, scenario, options))
      const turned = names.map((_, index) => names[(index + round) % names.length]!)
      for (const name of turned)
        outcomes.push({ round, ...(await outcomeOf(bench, entrants.get(name)!, scenario, options)) })
    }
  }
  return outcomes
}
