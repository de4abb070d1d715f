import { NOT_HTTP } from '../../core/transport.ts'

/** The peer answered, but not in HTTP. */
export const notHttp = (what: string): Error => Object.assign(new Error(`the response has ${what}`), { code: NOT_HTTP })
