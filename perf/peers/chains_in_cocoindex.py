"""CocoIndex: 100 texts with a chain of 10 stamps behind each, all outputs written as files: milliseconds of an update after all, or one, of them have changed."""
import asyncio, json, os, pathlib, statistics, sys, tempfile, time, uuid
os.environ.setdefault('COCOINDEX_DISABLE_USAGE_TRACKING', '1')
root = pathlib.Path(tempfile.mkdtemp()); os.environ['COCOINDEX_DB'] = str(root / 'state')
import cocoindex as coco
from cocoindex.connectors import localfs
SRC, OUT = root / 'src', root / 'out'
COLUMNS, LEVELS = 100, 10
runs = 0

@coco.fn(memo=True)
def stamp(text: str, mark: str) -> str:
    global runs
    runs += 1
    return f'{text}\n{mark}'

@coco.fn(memo=True)
async def process(file, out: pathlib.Path) -> None:
    text = await file.read_text()
    name = file.file_path.path.stem
    for level in range(LEVELS):
        text = stamp(text, f'{name}/{level}')
        localfs.declare_file(out / f'{name}-{level}.txt', text, create_parent_dirs=True)

@coco.fn
async def main(src: pathlib.Path, out: pathlib.Path) -> None:
    await coco.mount_each(process, localfs.walk_dir(src, recursive=False).items(), out)

def write(column: int) -> None:
    (SRC / f'{column}.txt').write_text(f'{uuid.uuid4()}\n' + 'x' * 1000)

async def measure(app, columns: int) -> float:
    for column in range(columns):
        write(column)
    before = runs
    begin = time.perf_counter()
    await app.update()
    took = (time.perf_counter() - begin) * 1000
    assert runs - before == columns * LEVELS, (runs - before, columns)
    return took

async def bench() -> None:
    SRC.mkdir()
    for column in range(COLUMNS):
        write(column)
    app = coco.App(coco.AppConfig(name='bench'), main, src=SRC, out=OUT)
    await app.update()
    all_ = [await measure(app, COLUMNS) for _ in range(9)]
    one = [await measure(app, 1) for _ in range(20)]
    print(json.dumps({'all': statistics.median(all_[2:]), 'one': statistics.median(one[3:]), 'runs': runs}))

asyncio.run(bench())
