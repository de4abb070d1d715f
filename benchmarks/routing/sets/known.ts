/** The sets of the shared data folder. */
import { existsSync } from 'node:fs'
import { BadData } from '../bad-data.ts'
import type { DataSet } from '../sample.ts'
import { llmrouter } from './llmrouter.ts'
import { paretobandit } from './paretobandit.ts'
import { routellmGsm8k, routellmMmlu } from './routellm.ts'
import { zeroevalOpen } from './zeroeval.ts'

const READERS: Readonly<Record<string, (folder: string) => DataSet>> = {
  paretobandit,
  llmrouter,
  'zeroeval-open': zeroevalOpen,
  'routellm-mmlu': routellmMmlu,
  'routellm-gsm8k': routellmGsm8k,
}

export const SET_NAMES: readonly string[] = Object.keys(READERS)

/** All sets of the folder. Throws a BadData where the folder or a file of it is missing. */
export function readSets(folder: string): DataSet[] {
  if (!existsSync(folder))
    throw new BadData(
      `${folder}: no such folder; give the routing data with --data FOLDER, or files of your own with --train, --test, --models`,
    )
  return Object.values(READERS).map((read) => read(folder))
}
