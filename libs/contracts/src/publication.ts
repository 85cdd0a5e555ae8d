import { z } from 'zod'
import { Uuid } from './common.ts'

/**
 * How a blob that is published with others stands, all that is connected with it considered. published: readers see the newest · under_way: something newer is being made · held_back: something
 * newer is there, and readers see the old until somebody does something about `held_back_by` (at most 20 blobs, of the 5,000 that are looked at): those that have failed, were cancelled, or
 * are paused. `version`: what they see of this blob, 0 for nothing.
 */
export const PublicationStanding = z.object({
  state: z.enum(['published', 'under_way', 'held_back']),
  version: z.int().min(0),
  held_back_by: z.array(Uuid),
})
export type PublicationStanding = z.infer<typeof PublicationStanding>
