import { Refused } from './refused.ts'

/** What to throw where a ledger cannot be read: a Refused that says why, or `thrown` itself, which is no failure of the file system. `named`: its folder is that of --folder. */
export function ledgerFault(thrown: unknown, named = false): unknown {
  const { code, syscall, path } = thrown as NodeJS.ErrnoException
  if (code === undefined || syscall === undefined) return thrown
  const absent = named
    ? 'no such folder; --folder takes that of `store.ledger`'
    : 'does not exist: no request has ended since the ledger was switched on'
  const why = code === 'ENOENT' ? absent : code === 'ENOTDIR' ? 'is not a folder' : `cannot be read (${code})`
  return new Refused(`${path ?? 'the ledger'}: ${why}`)
}
