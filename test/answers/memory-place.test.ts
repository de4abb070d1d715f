import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { MemoryPlace } from '../../src/answers/memory-place.ts'

const MOST = 8 * 1024 ** 2

t.test('the oldest records go where there would be too much, and two of one name are none', async (t) => {
  const place = new MemoryPlace(1_000)
  const record = (text: string): Buffer => Buffer.from(text.repeat(100))
  place.put('a', record('a'))
  place.put('b', record('b'))
  t.same([place.get('a'), place.bytes], [record('a'), 712])
  place.put('c', record('c'))
  t.same([place.get('a'), place.get('b'), place.get('c'), place.bytes], [null, record('b'), record('c'), 712])
  place.put('b', record('d'))
  t.same([place.get('b'), place.bytes], [null, 612], 'nobody is given the record of another')
  place.put('huge', Buffer.alloc(1_000))
  t.same([place.get('huge'), place.get('c')], [null, record('c')])
  t.same([place.delete('c'), place.delete('c'), place.delete('b'), place.bytes], [true, false, false, 0])
})

t.test('records take the memory that is counted, however many come and however small they are', async (t) => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  // Memory of buffers is given back some time after the collection that finds them gone.
  setFlagsFromString('--no-concurrent-array-buffer-sweeping')
  const held = (): number => {
    collect()
    collect()
    return process.memoryUsage().arrayBuffers
  }
  const before = held()
  const place = new MemoryPlace(MOST)
  let kept = 0
  const fill = (): void => {
    for (let count = 0; count < 8_000; count++) {
      place.put(`record ${kept++}`, Buffer.concat([Buffer.alloc(700), Buffer.alloc(800)]))
      // What else the process does with small buffers meanwhile.
      for (let other = 0; other < 6; other++) Buffer.from('x'.repeat(900 + other))
    }
  }
  for (const round of [1, 2, 3]) {
    fill()
    t.ok(place.bytes > 0.99 * MOST && place.bytes <= MOST, `round ${round}: ${place.bytes} bytes are counted`)
    const more = held() - before
    t.ok(more < 1.1 * MOST, `round ${round}: ${more} bytes are held`)
  }
})
