import { startStudio } from '@studio/testing'
const studio = await startStudio({})
console.log(JSON.stringify({ url: studio.url, token: studio.tokenFor('ada'), other: studio.tokenFor('bob'), temporal: studio.temporalAddress, folder: studio.folder, db: studio.databaseUrl }))
process.on('SIGTERM', () => { void studio.stop().then(() => process.exit(0)) })
process.on('SIGUSR1', () => { for (const n of ['gateway','dag','worker','delta-engine','blob','provider-registry']) console.log('=====', n, studio.logs(n).slice(-3000)) })
setInterval(() => {}, 1000)
