/** `turnout completion SHELL`: the script by which a shell completes the words of this command line. */
import type { CallOf, Section } from '../command.ts'
import type { Io } from '../io.ts'
import type { COMPLETION } from '../rows/run.ts'
import { bashScript } from './bash.ts'
import { fishScript } from './fish.ts'
import { type Place, placesOf } from './places.ts'
import { zshScript } from './zsh.ts'

const SCRIPTS: Readonly<Record<'bash' | 'zsh' | 'fish', (places: readonly Place[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
}

export const completionOf =
  (sections: readonly Section[]) =>
  async ({ args: { shell } }: CallOf<typeof COMPLETION>, io: Io): Promise<number> => {
    io.stdout.write(SCRIPTS[shell](await placesOf(sections)))
    return 0
  }
