/**
 * When the change happens that a transaction makes, as SQL; `$1` is the tenant. It was set with the tenant's lock, so that the heads, the edges and
 * the ends of cascades that one change records have one time, and the times of changes follow one another as the changes do.
 */
export const moment = '(select changed_at from tenant where tenant_id = $1)'
