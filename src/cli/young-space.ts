/**
 * V8's young generation at the start. All that modules and the configuration allocate stays, which V8 takes for traffic: it makes
 * room for what comes and goes, two times 16 MB, which an idle process then holds for nothing. So it grows with requests only.
 */
import { setFlagsFromString } from 'node:v8'

/** Until `growYoungSpace`. */
export function keepYoungSpace(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
}

/** As V8 has it: twice as large where much of it survives. */
export function growYoungSpace(): void {
  setFlagsFromString('--semi-space-growth-factor=2')
}
