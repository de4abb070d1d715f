import { connect } from 'node:net'
import t from 'tap'
import { startBlackHole } from './black-hole.ts'

t.test('a connection attempt hangs, and is gone when it is given up', async (t) => {
  const hole = await startBlackHole()
  t.teardown(() => hole.close())
  if ((await hole.hanging()) === null) return t.comment('no kernel table to look at')
  t.equal(await hole.hanging(), 0)
  const socket = connect(hole.port, '127.0.0.1')
  socket.on('connect', () => t.fail('it was accepted'))
  socket.on('error', (error) => t.fail(`it was refused: ${error.message}`))
  while ((await hole.hanging()) !== 1) await new Promise((resolve) => setImmediate(resolve))
  socket.destroy()
  t.equal(await hole.hanging(), 0)
})
