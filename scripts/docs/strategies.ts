/** Strategies and what they weigh: for the reference, and for the examples that show every one of them. */
import { DEFAULT_STRATEGY, isUnscored, STRATEGIES, STRATEGY_NAMES } from '../../src/core/strategies.ts'
import { ESTIMATES, type Term, TERMS, type WeightName, WEIGHT_NAMES, weightsFrom } from '../../src/core/terms.ts'
import { code, type Table } from './tables.ts'

const usual = weightsFrom(STRATEGIES[DEFAULT_STRATEGY].weights)
const usualWeights = `{ ${WEIGHT_NAMES.map((name) => `${name}: ${usual[name]}`).join(', ')} }`
const unweighed = WEIGHT_NAMES.map(() => '')

export function strategiesTable(): Table {
  const named = STRATEGY_NAMES.map((name) => {
    const { weights, words } = STRATEGIES[name]
    const own = weights === null ? null : weightsFrom(weights)
    return [
      name === DEFAULT_STRATEGY ? `${code(name)}, the default` : code(name),
      ...(own === null ? unweighed : WEIGHT_NAMES.map((weight) => String(own[weight]))),
      words ?? 'by all of its weights',
    ]
  })
  return {
    head: ['strategy', ...WEIGHT_NAMES, 'chooses'],
    rows: [
      ...named,
      [code(usualWeights), ...unweighed, 'by these weights (can also be written as `weights:`)'],
      [
        code('{ cheapest_within: 0.02 }'),
        ...unweighed,
        'the cheapest whose expected success is within two points of the best',
      ],
    ],
  }
}

export const weightsTable = (): Table => ({
  head: ['weight', 'counts for', 'its term of the utility'],
  rows: WEIGHT_NAMES.map((name) => [code(name), TERMS[name].weight, code(formulaOf(name))]),
})

function formulaOf(name: WeightName): string {
  const term: Term = TERMS[name]
  const { per } = ESTIMATES[TERMS[name].of]
  const shown = (amount: number): string => String(amount / per)
  const { unit, step, least } = term
  const zero = shown(term.zero)
  if (term.scale === 'steps') return `${name} x (${unit} - ${zero}) / ${shown(step)}`
  const amount = least > 0 ? `max(${shown(least)}, ${unit})` : unit
  return `-${name} x log2(${amount} / ${zero})`
}

/** Every weight, as an example has it. */
export const weightsExample = (): string => `weights: ${usualWeights} # the same as \`strategy: { quality: 1, ... }\``

/** A route for each strategy that scores. */
export const presetRoutes = (): string =>
  STRATEGY_NAMES.filter((name) => name !== DEFAULT_STRATEGY && !isUnscored(name))
    .map((name) => `- { name: all-${name}, candidates: ['*'], strategy: ${name} } # ${STRATEGIES[name].words ?? name}`)
    .join('\n')
