/** `turnout savings`: what was saved, measured against a control group, from the ledger, also while the gateway runs. */
import { resolve } from 'node:path'
import { DamageCount } from '../ledger/damage.ts'
import { countedIn } from '../ledger/read.ts'
import { savingsOf } from '../observe/savings/report.ts'
import { Savings } from '../observe/savings/savings.ts'
import { type CallOf, UsageError } from './command.ts'
import type { Io } from './io.ts'
import { folderOf } from './ledger.ts'
import { damageWords } from './ledger-damage.ts'
import { ledgerFault } from './ledger-fault.ts'
import { momentAt } from './moment.ts'
import { Refused } from './refused.ts'
import type { SAVINGS } from './rows/books.ts'
import { savingsText } from './savings-text.ts'

const WEEK_MS = 7 * 86_400_000

/** Exit code 0: printed, also where nothing can be told, 1: there is no ledger, or it cannot be read, 2: wrong usage. */
export async function savings({ flags }: CallOf<typeof SAVINGS>, io: Io): Promise<number> {
  const now = Date.now()
  const since = momentAt('--since', flags.since, now) ?? now - WEEK_MS
  if (since > now) throw new UsageError('--since is in the future')
  try {
    const folder = flags.folder === undefined ? await folderOf(flags.config, io) : resolve(io.cwd, flags.folder)
    if (folder === null)
      throw new Refused(
        'no configuration names a folder in `store.ledger`, and nothing is measured without one; give --config or --folder',
      )
    const damage = new DamageCount()
    const all = new Savings()
    for await (const request of countedIn(folder, { since, onDamage: damage.add }))
      if (flags.route === undefined || request.route === flags.route) all.add(request)
    for (const text of damageWords(damage)) io.stderr.write(`turnout savings: ${text}\n`)
    const measured = all.all().map(savingsOf)
    const period = { since: new Date(since).toISOString(), until: new Date(now).toISOString() }
    const told = { ...period, savings: measured, unmeasured_requests: all.unmeasured }
    io.stdout.write(flags.json ? `${JSON.stringify(told, null, 2)}\n` : savingsText(told))
    return 0
  } catch (thrown) {
    throw ledgerFault(thrown, flags.folder !== undefined)
  }
}
