/** Reads the named metrics of a text in Prometheus' format or OpenMetrics, and nothing else of it: such texts have thousands of lines. */

export interface Sample {
  readonly value: number
  readonly labels: Readonly<Record<string, string>>
}

/** By the name that was asked for. */
export type Samples = ReadonlyMap<string, readonly Sample[]>

const TOTAL = '_total'
const HASH = 0x23
const BRACE = 0x7b
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i
const LABEL = /\s*([a-zA-Z_][\w]*)\s*=\s*"((?:[^"\\\n]|\\.)*)"\s*(,|\})/y

/**
 * A counter is found with and without `_total`, whichever the engine has. Lines that break the rules, values that are no numbers
 * (`NaN`, `+Inf`) and a last line that is cut off are left out.
 */
export function samplesOf(text: string, names: Iterable<string>): Samples {
  const wanted = wantedOf(names)
  const found = new Map<string, Sample[]>()
  let start = 0
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
    const name = nameAt(text, start, wanted)
    if (name !== null) {
      const sample = sampleOf(text.slice(start + name.length, end))
      if (sample !== null) add(found, name, sample)
    }
    start = end + 1
  }
  return answered(names, found)
}

/** Names by their length, with the other spelling of each. */
function wantedOf(names: Iterable<string>): ReadonlyMap<number, readonly string[]> {
  const wanted = new Map<number, string[]>()
  for (const name of names)
    for (const one of [name, otherSpelling(name)]) {
      const same = wanted.get(one.length)
      if (same === undefined) wanted.set(one.length, [one])
      else if (!same.includes(one)) same.push(one)
    }
  return wanted
}

const otherSpelling = (name: string): string => (name.endsWith(TOTAL) ? name.slice(0, -TOTAL.length) : name + TOTAL)

/** The wanted name that the line begins with; nothing is made of a line that has none. */
function nameAt(text: string, start: number, wanted: ReadonlyMap<number, readonly string[]>): string | null {
  if (text.charCodeAt(start) === HASH) return null
  let end = start
  for (let code = text.charCodeAt(end); code > 0x20 && code !== BRACE; code = text.charCodeAt(end)) end++
  for (const name of wanted.get(end - start) ?? []) if (text.startsWith(name, start)) return name
  return null
}

/** `{a="b"} 1.5 1700000000 # {..} ..`: labels, value, and what is not read: time and exemplar. */
function sampleOf(rest: string): Sample | null {
  const labels: Record<string, string> = {}
  let at = 0
  if (rest.charCodeAt(0) === BRACE) {
    const after = readLabels(rest, labels)
    if (after === null) return null
    at = after
  }
  const [word = ''] = rest.slice(at).trimStart().split(/\s/, 1)
  const value = NUMBER.test(word) ? Number(word) : NaN
  return Number.isFinite(value) ? { value, labels } : null
}

/** Where the labels end; null: they break the rules. */
function readLabels(rest: string, labels: Record<string, string>): number | null {
  const empty = /^\{\s*\}/.exec(rest)
  if (empty !== null) return empty[0].length
  let at = 1
  for (;;) {
    LABEL.lastIndex = at
    const found = LABEL.exec(rest)
    if (found === null) return null
    labels[found[1]!] = found[2]!.replaceAll(/\\(.)/g, (_, sign: string) => (sign === 'n' ? '\n' : sign))
    at = LABEL.lastIndex
    if (found[3] === '}') return at
    const end = /^\s*\}/.exec(rest.slice(at))
    if (end !== null) return at + end[0].length
  }
}

function add(found: Map<string, Sample[]>, name: string, sample: Sample): void {
  const samples = found.get(name)
  if (samples === undefined) found.set(name, [sample])
  else samples.push(sample)
}

function answered(names: Iterable<string>, found: ReadonlyMap<string, Sample[]>): Samples {
  const answer = new Map<string, readonly Sample[]>()
  for (const name of names) {
    const samples = found.get(name) ?? found.get(otherSpelling(name))
    if (samples !== undefined) answer.set(name, samples)
  }
  return answer
}
