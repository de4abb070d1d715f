/** All keys: those of the configuration, and those that are made, changed and revoked while the gateway runs. */
import { stat } from 'node:fs/promises'
import type { KeyFileEvent } from '../core/events.ts'
import type { KeySpec } from '../core/principal.ts'
import { changed, conflict, created, revoked, rotated, unknownKey } from './changes.ts'
import { changeKeyFile, type KeyFile, KeyFileError, storedKeysOf, readKeyFile, readKeyText } from './key-file.ts'
import { type InputRules, parseChange, parseGrace, parseKey } from './key-input.ts'
import { type KeyView, viewOf, viewOfFixed } from './key-view.ts'
import { type Holder, holderOf, type Keyring, keyring } from './keyring.ts'
import { hashOf, newSecret } from './secret.ts'
import { specOf, type StoredKey } from './stored-key.ts'

/** What another configuration changes. */
export interface KeySettings {
  /** Keys of the configuration. */
  readonly fixed: readonly KeySpec[]
  /** Names of the routes that there are. */
  readonly routes: readonly string[]
}

export interface KeyStoreOptions extends KeySettings {
  /** Null: no others can be made. */
  readonly file: string | null
  readonly emit: (event: KeyFileEvent) => void
  /** After each change of the keys, before anybody can use them. */
  readonly onChange?: () => void
}

/** A new secret, which is not kept anywhere, and the key that it belongs to. */
export interface Made {
  readonly secret: string
  readonly key: KeyView
}

/** Polled and not watched: notices of changes do not come through network file systems and mounts of containers. */
const LOOK_EVERY_MS = 250

export class KeyStore {
  readonly #options: Pick<KeyStoreOptions, 'file' | 'emit' | 'onChange'>
  /** All that is looked up; replaced at once. */
  #held: HeldKeys
  /** As the file has them. */
  #read: readonly StoredKey[] = []
  #text = ''
  /** Which file was read last. */
  #seen: string | null = null
  #timer: NodeJS.Timeout | null = null
  #looking = false
  /** Reads and writes follow each other, so that none brings back what the next one has replaced. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: KeyStoreOptions) {
    this.#options = options
    this.#held = hold(options, [])
  }

  /** Callers need a key: an empty file opens no door. */
  get required(): boolean {
    return this.#held.fixed.length > 0 || this.#options.file !== null
  }

  /** Of all keys, revoked and expired ones too: what is restricted stays so to the end of its requests. */
  get specs(): readonly KeySpec[] {
    return this.#held.specs
  }

  /** Who holds this token; a text says why it is no longer good; null: nobody's. */
  find(token: string): Holder | string | null {
    return holderOf(this.#held.ring, token, Date.now())
  }

  /** Takes over what is there. Throws a KeyFileError: a gateway without its keys had better not start. */
  async load(): Promise<void> {
    const { file } = this.#options
    if (file === null) return
    this.#seen = await signatureOf(file)
    this.#use(await readKeyFile(file))
  }

  /** Follows the file: what somebody else writes counts within a second. */
  start(): void {
    if (this.#options.file === null || this.#timer !== null) return
    this.#timer = setInterval(() => void this.#look(), LOOK_EVERY_MS).unref()
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
    await this.#last
  }

  /** The keys as they would be by another configuration. Changes nothing; from here to `apply` nothing may be awaited. */
  plan(settings: KeySettings): HeldKeys {
    return hold(settings, this.#read)
  }

  /** Does not report a change. */
  apply(held: HeldKeys): void {
    const { file, emit } = this.#options
    this.#held = held
    if (held.ignored.length > 0 && file !== null)
      emit({ event: 'keys_ignored', file, ids: held.ignored, why: 'the configuration has keys of these ids' })
  }

  list(): KeyView[] {
    const now = Date.now()
    const { fixed, stored } = this.#held
    return [...fixed.map((key) => viewOfFixed(key, now)), ...stored.map((key) => viewOf(key, now))]
  }

  /** Throws a GatewayError where there is none. */
  get(id: string): KeyView {
    const found = this.list().find((key) => key.id === id)
    if (found === undefined) throw unknownKey(id)
    return found
  }

  async create(input: unknown): Promise<Made> {
    const fields = parseKey(input, this.#rules())
    const secret = newSecret()
    await this.#change(fields.id, (keys, now) => created(keys, fields, hashOf(secret), now))
    return { secret, key: this.get(fields.id) }
  }

  async change(id: string, input: unknown): Promise<KeyView> {
    const change = parseChange(input, this.#rules())
    await this.#change(id, (keys, now) => changed(keys, id, change, now))
    return this.get(id)
  }

  /** `input`: `{grace?: "1h"}`, how long the secret before it stays good. */
  async rotate(id: string, input?: unknown): Promise<Made> {
    const graceMs = parseGrace(input)
    const secret = newSecret()
    await this.#change(id, (keys, now) => rotated(keys, id, hashOf(secret), graceMs, now))
    return { secret, key: this.get(id) }
  }

  async revoke(id: string): Promise<KeyView> {
    await this.#change(id, (keys, now) => revoked(keys, id, now))
    return this.get(id)
  }

  #rules = (): InputRules => ({ routes: this.#held.routes, now: Date.now() })

  async #change(id: string, change: (keys: readonly StoredKey[], now: number) => readonly StoredKey[]): Promise<void> {
    const { file } = this.#options
    if (this.#held.fixed.some((key) => key.id === id))
      throw conflict(`Key "${id}" is in the configuration; change it there.`)
    if (file === null)
      throw conflict('There is no key file: add `store: { keys: ./data/keys.json }` to the configuration and restart.')
    await this.#inTurn(async () => {
      // A new file would end the keys that are still good.
      if (this.#held.stored.length > 0 && (await signatureOf(file)) === ABSENT)
        throw new KeyFileError('is gone; put it back, or restart the gateway')
      this.#take(await changeKeyFile(file, (keys) => change(keys, Date.now())))
    })
  }

  async #look(): Promise<void> {
    const { file, emit } = this.#options
    if (file === null || this.#looking) return
    this.#looking = true
    await this.#inTurn(async () => {
      // Taken before the read: what is written meanwhile is seen the next time.
      const seen = await signatureOf(file)
      if (seen === this.#seen) return
      this.#seen = seen
      try {
        if (seen === ABSENT) throw new KeyFileError('is gone')
        const read = await readKeyText(file)
        if (read.text === this.#text) return
        const keys = storedKeysOf(read.text)
        this.#take({ ...read, keys })
        emit({ event: 'keys_read', file, keys: keys.length })
      } catch (thrown) {
        const why = thrown instanceof KeyFileError ? thrown.message : 'unknown error'
        emit({ event: 'keys_not_read', file, why: `${why}; the keys before it stay` })
      }
    })
    this.#looking = false
  }

  /** At once: nobody finds a key whose routes are not known yet. */
  #take(read: KeyFile): void {
    this.#use(read)
    this.#options.onChange?.()
  }

  #use({ text, keys, openMode }: KeyFile): void {
    const { file, emit } = this.#options
    if (openMode !== null && file !== null)
      emit({ event: 'keys_readable', file, why: `others can read it (mode ${openMode}); chmod 600 ${file}` })
    this.#text = text
    this.#read = keys
    this.apply(hold(this.#held, keys))
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work)
    this.#last = turn.catch(() => undefined)
    return turn
  }
}

/** All keys at one moment. */
export interface HeldKeys extends KeySettings {
  /** Those of the file whose ids the configuration has not. */
  readonly stored: readonly StoredKey[]
  /** Ids of the others. */
  readonly ignored: readonly string[]
  readonly specs: readonly KeySpec[]
  readonly ring: Keyring
}

function hold({ fixed, routes }: KeySettings, read: readonly StoredKey[]): HeldKeys {
  const ids = new Set(fixed.map(({ id }) => id))
  const stored = read.filter(({ id }) => !ids.has(id))
  const ignored = read.filter(({ id }) => ids.has(id)).map(({ id }) => id)
  const specs = stored.map(specOf)
  return { fixed, routes, stored, ignored, specs: [...fixed, ...specs], ring: keyring(fixed, stored, specs) }
}

const ABSENT = 'absent'

/** Changes with every replacement of the file, and with its mode. */
async function signatureOf(path: string): Promise<string> {
  try {
    const { dev, ino, size, mode, mtimeNs } = await stat(path, { bigint: true })
    return `${dev} ${ino} ${size} ${mode} ${mtimeNs}`
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException
    return code === 'ENOENT' ? ABSENT : `unreadable ${code ?? ''}`
  }
}
