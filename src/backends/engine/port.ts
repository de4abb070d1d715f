/** Whether somebody listens at an address: what answers there later could be taken for the engine that is about to be started. */
import { connect } from 'node:net'

/** An address of this machine answers at once, or nobody is there. */
const LIMIT_MS = 1_000

export const isTaken = (root: string): Promise<boolean> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(root)
    const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80) })
    const done = (taken: boolean): void => {
      socket.destroy()
      resolve(taken)
    }
    socket.setTimeout(LIMIT_MS, () => done(true))
    socket.once('connect', () => done(true))
    socket.once('error', () => done(false))
  })
