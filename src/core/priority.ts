/** Who goes first where requests wait for a place, the last one first. */
export const PRIORITIES = ['low', 'normal', 'high'] as const
export type Priority = (typeof PRIORITIES)[number]

export const rankOf = (priority: Priority): number => PRIORITIES.indexOf(priority)

/** What a request asks for, where its key allows that; a request that asks for nothing has what its key has. */
export const priorityWithin = (own: Priority, wish: Priority | null): Priority =>
  wish === null || rankOf(wish) > rankOf(own) ? own : wish
