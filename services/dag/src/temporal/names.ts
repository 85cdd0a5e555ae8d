import { defineSearchAttributeKey } from '@temporalio/common'

/** The queue that the studio's own workflows run on. */
export const studioTaskQueue = 'studio'

export const tenantKey = defineSearchAttributeKey('studioTenant', 'KEYWORD')
export const rootKey = defineSearchAttributeKey('studioRoot', 'KEYWORD_LIST')
