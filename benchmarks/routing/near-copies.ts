/** The same question in other words around it: sets that borrow from one source dress its questions differently. */

/** Words in a row that must be equal to count. */
const RUN = 12
/** So many equal runs make a near copy; fewer where a prompt has no more. */
const ENOUGH = 3

/** Hashes of all runs of words of a prompt, by letters and digits alone. Empty where it has fewer words than a run. */
export function runsOf(prompt: string): Int32Array {
  const words = prompt.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
  const runs = new Int32Array(Math.max(0, words.length - RUN + 1))
  for (let from = 0; from < runs.length; from++) runs[from] = hashOf(words.slice(from, from + RUN).join(' '))
  return runs
}

/** Those whose prompt is no near copy of one of `prompts`. `runs` gives a prompt's runs. */
export function withoutCopies<T extends { readonly prompt: string }>(
  samples: readonly T[],
  prompts: readonly string[],
  runs: (prompt: string) => Int32Array = runsOf,
): T[] {
  const known = new Set<number>()
  for (const prompt of prompts) for (const run of runs(prompt)) known.add(run)
  return samples.filter(({ prompt }) => {
    const own = runs(prompt)
    let equal = 0
    for (const run of own) if (known.has(run) && ++equal >= Math.min(ENOUGH, own.length)) return false
    return true
  })
}

/** A function that remembers what it said of a prompt. */
export function remembered(runs: (prompt: string) => Int32Array): (prompt: string) => Int32Array {
  const memory = new Map<string, Int32Array>()
  return (prompt) => {
    const known = memory.get(prompt)
    if (known !== undefined) return known
    const fresh = runs(prompt)
    memory.set(prompt, fresh)
    return fresh
  }
}

function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash
}
