/** What an engine gets of the gateway's environment: all but secrets, which are meant for the gateway. */

/** Names that say so; what an engine is to have of them stands under its `env`. */
const SECRET = /(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)S?$|^TURNOUT_|^REDIS_URL$/i

export function inheritedFrom(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const inherited: Record<string, string> = {}
  for (const [name, value] of Object.entries(env))
    if (value !== undefined && !SECRET.test(name)) inherited[name] = value
  return inherited
}
