import express from 'express'
import pg from 'pg'

/**
 * The peer of the throughput figures: what a bare express server does with one prepared SQL statement a request, on the same PostgreSQL and the
 * same machine in the same run. `POST /blobs` inserts, `GET /blobs/:id` reads. Arguments: database URL, port.
 */
const [databaseUrl = '', port = '0'] = process.argv.slice(2)
const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 })
await pool.query(
  'create table if not exists public.bare (id uuid primary key default gen_random_uuid(), body jsonb not null, at timestamptz default now())',
)

const app = express()
app.disable('x-powered-by')
app.set('etag', false)
app.use(express.json({ limit: '1mb' }))
app.post('/blobs', async (request, response) => {
  const { rows } = await pool.query<{ id: string }>({
    name: 'insert',
    text: 'insert into public.bare (body) values ($1) returning id, at',
    values: [request.body],
  })
  response.status(201).json({ data: rows[0] })
})
app.get('/blobs/:id', async (request, response) => {
  const { rows } = await pool.query<{ id: string }>({
    name: 'read',
    text: 'select id, body, at from public.bare where id = $1',
    values: [request.params.id],
  })
  response.json({ data: rows[0] })
})
const server = app.listen(Number(port), '127.0.0.1', () => process.stdout.write('ready\n'))
process.once('SIGTERM', () => {
  server.close()
  server.closeAllConnections()
  void pool.end()
})
