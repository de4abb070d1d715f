/** What each engine is taken to have kept, beside a plain list of it that forgets the oldest first. */
import t from 'tap'
import type { Prefix } from '../../src/core/prefix.ts'
import type { PromptCache } from '../../src/core/prompt-cache.ts'
import { PrefixMap } from '../../src/decision/learn/prefix-map.ts'
import { pick, seeded } from '../support/random.ts'

/** Tokens of a block. */
const BLOCK = 100

const cacheOf = (blocks: number, traits: Partial<PromptCache> = {}): PromptCache => ({
  seat: -1,
  tokens: blocks * BLOCK,
  share: 1,
  lastingMs: Infinity,
  ...traits,
})

/** Of blocks by their names: each hash is of all up to the end of its block. */
function prefixOf(names: readonly string[]): Prefix {
  const [hashes, checks, ends] = [0, 1, 2].map(() => new Int32Array(names.length))
  let [hash, check] = [17, 31]
  for (const [at, name] of names.entries()) {
    for (const letter of name) {
      hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193)
      check = (Math.imul(check, 31) + letter.charCodeAt(0)) | 0
    }
    hashes![at] = hash
    checks![at] = check
    ends![at] = at + 1
  }
  return { hashes: hashes!, checks: checks!, ends: ends!, size: Math.max(1, names.length) }
}

const take = (map: PrefixMap, cache: PromptCache, names: readonly string[], now = 0): number =>
  map.take(cache, prefixOf(names), names.length * BLOCK, now)

/** Blocks of the prompt that it holds. */
function heldOf(map: PrefixMap, cache: PromptCache, names: readonly string[]): number {
  const prefix = prefixOf(names)
  map.look(prefix)
  return Math.round(map.heldOf(cache, prefix) * names.length)
}

t.test('a prompt is held from its beginning to where it says something else', async (t) => {
  const map = new PrefixMap()
  const [one, other] = [cacheOf(100), cacheOf(100)]
  t.equal(take(map, one, ['a', 'b', 'c', 'd']), 0)
  t.equal(heldOf(map, one, ['a', 'b', 'x', 'd']), 2)
  t.equal(heldOf(map, one, ['x', 'b', 'c', 'd']), 0, 'what follows another beginning is another text')
  t.equal(heldOf(map, other, ['a', 'b']), 0)
  t.equal(take(map, one, ['a', 'b', 'x', 'y']), 0.5, 'what it held before')
  t.equal(heldOf(map, one, ['a', 'b', 'x', 'y']), 4)
})

t.test('what was asked for longest ago goes first, and of a prompt its end', async (t) => {
  const map = new PrefixMap()
  const cache = cacheOf(6)
  take(map, cache, ['s', 'a', 'b'])
  take(map, cache, ['s', 'c', 'd'])
  take(map, cache, ['s', 'e', 'f'])
  t.equal(heldOf(map, cache, ['s', 'e', 'f']), 3)
  t.equal(heldOf(map, cache, ['s', 'c', 'd']), 3)
  t.equal(heldOf(map, cache, ['s', 'a', 'b']), 2, 'its end is gone')
  t.equal(map.size.held, 6)
})

t.test('no more is held than the share of the tokens that an engine keeps', async (t) => {
  const random = seeded(1)
  const map = new PrefixMap()
  const cache = cacheOf(50, { share: 0.5 })
  for (let turn = 0; turn < 500; turn++) {
    take(map, cache, prompt(random, 9), turn)
    if (map.size.held > 25) return t.fail(`${map.size.held} blocks`)
  }
  t.equal(map.size.held, 25)
})

t.test('all seats together hold no more than the bound, and none starves the others', async (t) => {
  const random = seeded(2)
  const map = new PrefixMap(1_000)
  const caches = Array.from({ length: 20 }, () => cacheOf(1e6))
  for (let turn = 0; turn < 20_000; turn++) {
    // The first is asked as much as all others together.
    take(map, random() < 0.5 ? caches[0]! : pick(random, caches), prompt(random, 8), turn)
    if (map.size.held > 1_000) return t.fail(`${map.size.held} are held`)
  }
  t.equal(map.size.seats, 20)
  t.ok(map.size.blocks <= map.size.held)
  const last = ['one', 'of', 'the', 'last']
  for (const cache of caches) take(map, cache, last, 20_000)
  t.ok(caches.every((cache) => heldOf(map, cache, last) === 4))
  t.ok(map.size.bytes < 200_000, `${map.size.bytes} bytes`)
  const full = map.size.bytes
  for (let turn = 0; turn < 20_000; turn++) take(map, pick(random, caches), prompt(random, 8), turn)
  t.ok(map.size.bytes < 1.1 * full, 'it grows no more, but for the list of free places')
})

t.test('hundreds of engines, each with texts of its own and some that all share', async (t) => {
  const map = new PrefixMap()
  const caches = Array.from({ length: 400 }, () => cacheOf(1_000))
  for (const [at, cache] of caches.entries()) take(map, cache, ['shared', at % 2 === 0 ? 'even' : 'odd', `own ${at}`])
  for (const [at, cache] of caches.entries()) {
    const prefix = prefixOf(['shared', 'even', `own ${at}`])
    map.look(prefix)
    const held = caches.map((one) => Math.round(3 * map.heldOf(one, prefix)))
    const wanted = caches.map((one, place) => (place % 2 === 1 ? 1 : one === cache ? 3 : 2))
    if (held.join() !== wanted.join()) return t.fail(`engine ${at}`)
  }
  for (const cache of caches.slice(0, 399)) map.clear(cache)
  t.equal(heldOf(map, caches[399]!, ['shared', 'odd', 'own 399']), 3)
  t.match(map.size, { blocks: 3, held: 3, seats: 1 })
})

t.test('one that lost all holds nothing, and its seat is taken by another', async (t) => {
  const map = new PrefixMap()
  const [one, other] = [cacheOf(10), cacheOf(10)]
  take(map, one, ['a', 'b'])
  map.clear(one)
  t.equal(one.seat, -1)
  t.match(map.size, { blocks: 0, held: 0, seats: 0 })
  take(map, other, ['a'])
  t.equal(heldOf(map, one, ['a', 'b']), 0)
  t.equal(heldOf(map, other, ['a', 'b']), 1)
})

t.test('a cloud forgets by time, and what is asked for again lasts on', async (t) => {
  const map = new PrefixMap()
  const cloud = cacheOf(1e6, { lastingMs: 300_000 })
  take(map, cloud, ['a', 'b'], 0)
  take(map, cloud, ['a', 'c'], 200_000)
  map.forget(cloud, 310_000)
  t.equal(heldOf(map, cloud, ['a', 'b']), 1)
  t.equal(heldOf(map, cloud, ['a', 'c']), 2)
  map.forget(cloud, 500_001)
  t.match(map.size, { held: 0, seats: 0 })
})

t.test('as an engine does it: the same is held as by a list that forgets the oldest, whatever comes', async (t) => {
  for (let seed = 0; seed < 10; seed++) {
    const random = seeded(seed)
    const map = new PrefixMap()
    const room = 5 + Math.floor(random() * 60)
    const cache = cacheOf(room)
    let list: string[] = []
    for (let turn = 0; turn < 800; turn++) {
      const names = prompt(random, 1 + Math.floor(random() * 5))
      const paths = names.map((_, at) => names.slice(0, at + 1).join('/'))
      const known = paths.findIndex((path) => !list.includes(path))
      if (heldOf(map, cache, names) !== (known < 0 ? paths.length : known))
        return t.fail(`seed ${seed}, turn ${turn}: ${names.join(' ')}`)
      take(map, cache, names, turn)
      list = [...paths, ...list.filter((path) => !paths.includes(path))].slice(0, room)
    }
  }
})

/** Of few words, so that many begin alike. */
const prompt = (random: () => number, length: number): string[] =>
  Array.from({ length }, (_, at) => `${at}${pick(random, ['a', 'b', 'c', 'd', 'e'])}`)
