import type { Database } from '@studio/database'

const readText = `select now() as now, coalesce((select until from sweep_cursor where name = 'transforms'), 'epoch') as until`

/** How far providers' commits have been swept, and the database's time. */
export async function readCursor(database: Database): Promise<{ until: Date; now: Date }> {
  const [row] = await database.query<{ until: Date; now: Date }>('read-cursor', readText, [])
  if (row === undefined) throw new TypeError('a select without from answers one row')
  return row
}

const moveText = `
insert into sweep_cursor (name, until) values ('transforms', $1)
on conflict (name) do update set until = greatest(sweep_cursor.until, excluded.until)`

/** Moves the cursor; never back, whatever two sweepers do. */
export async function moveCursor(database: Database, until: Date): Promise<void> {
  await database.execute('move-cursor', moveText, [until])
}
