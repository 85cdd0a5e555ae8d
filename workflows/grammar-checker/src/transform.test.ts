import { correctText } from './transform.ts'

// Milliseconds that the engine may take to load beside other work.
const loading = 30_000

test(
  'corrects what has one correction',
  async () => {
    const text = 'There is a apple on teh table. An user went to the the store. 😀 He could of come.'
    expect(await correctText(text, 'plaintext', 'american')).toBe(
      'There is an apple on the table. A user went to the store. 😀 He could have come.',
    )
  },
  loading,
)

test(
  'leaves names and doubtful words alone, and a right text as it is',
  async () => {
    for (const text of ['Elizabeth walked to Netherfield.', 'Its a nice day.', '']) {
      expect(await correctText(text, 'plaintext', 'american')).toBe(text)
    }
  },
  loading,
)

test(
  'markdown keeps its marks and its code',
  async () => {
    expect(await correctText('# A title\n\nThis is `teh code` and a **a apple**.\n', 'markdown', 'american')).toMatch(
      /`teh code`/,
    )
  },
  loading,
)
