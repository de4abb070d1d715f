import t from 'tap'
import { EventBus } from '../../src/core/event-bus.ts'
import type { GatewayEvent } from '../../src/core/events.ts'

const away: GatewayEvent = { event: 'store_away' }
const back: GatewayEvent = { event: 'store_back' }

t.test('every listener gets every event, from when it listens until it ends that', async (t) => {
  const bus = new EventBus()
  bus.emit(away)
  const first: GatewayEvent[] = []
  const second: GatewayEvent[] = []
  const end = bus.subscribe((event) => first.push(event))
  bus.emit(back)
  bus.subscribe((event) => second.push(event))
  bus.emit(away)
  end()
  end()
  bus.emit(back)
  t.strictSame(first, [back, away])
  t.strictSame(second, [away, back])
  t.equal(bus.listeners, 1)
})

t.test('one function may listen twice, and each subscription ends by itself', async (t) => {
  const bus = new EventBus()
  const seen: GatewayEvent[] = []
  const listen = (event: GatewayEvent): void => void seen.push(event)
  const end = bus.subscribe(listen)
  bus.subscribe(listen)
  bus.emit(away)
  end()
  bus.emit(back)
  t.strictSame(seen, [away, away, back])
})

t.test('a listener that throws keeps the event from no other, and from no emitter', async (t) => {
  const bus = new EventBus()
  const seen: GatewayEvent[] = []
  bus.subscribe(() => {
    throw new Error('a page that is gone')
  })
  bus.subscribe((event) => seen.push(event))
  bus.emit(away)
  bus.emit(back)
  t.strictSame(seen, [away, back])
  t.equal(bus.failures, 2)
})

t.test('what a listener emits comes after the event that it was given, for all listeners', async (t) => {
  const bus = new EventBus()
  const seen: GatewayEvent[] = []
  bus.subscribe((event) => {
    if (event.event === 'store_away') bus.emit(back)
  })
  bus.subscribe((event) => seen.push(event))
  bus.emit(away)
  t.strictSame(seen, [away, back])
})

t.test('a listener that emits more than it is given does not fill the memory', async (t) => {
  const bus = new EventBus()
  let given = 0
  bus.subscribe(() => {
    given++
    if (given > 10) return
    for (let index = 0; index < 500; index++) bus.emit(back)
  })
  bus.emit(away)
  t.ok(bus.dropped > 0)
  t.equal(given + bus.dropped, 1 + 10 * 500)
  bus.emit(back)
  t.equal(given + bus.dropped, 2 + 10 * 500, 'and goes on afterwards')
})
