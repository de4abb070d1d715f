/** What a refusal of a backend says about the key with which it was called. Pure. */
import { ERRORS, type GatewayError } from '../../core/errors.ts'

/** Another key of the same backend may be taken: it is a limit, an account or a permission of this one. */
export const blamesKey = ({ code, about }: GatewayError): boolean => {
  const { health } = ERRORS[code]
  return about !== 'request' && (health === 'key' || health === 'credit' || code === 'upstream_rate_limited')
}
