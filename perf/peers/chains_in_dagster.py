"""Dagster: 10 texts with a chain of 10 stamps behind each, as assets with a file each: milliseconds of `materialize` of the 100 stamps, in one process."""
import json, logging, os, pathlib, statistics, tempfile, time, uuid
os.environ.setdefault('DAGSTER_DISABLE_TELEMETRY', '1')
root = pathlib.Path(tempfile.mkdtemp())
import dagster
from dagster import AssetIn, DagsterInstance, FilesystemIOManager, asset, materialize
logging.getLogger('dagster').setLevel(logging.ERROR)
COLUMNS, LEVELS = 10, 10

def write(column: int) -> None:
    (root / f'{column}.txt').write_text(f'{uuid.uuid4()}\n' + 'x' * 1000)

def stamp(column: int, level: int):
    name = f'stamp_{column}_{level}'
    mark = f'{column}/{level}'
    if level == 1:
        @asset(name=name)
        def first() -> str:
            return f"{(root / f'{column}.txt').read_text()}\n{mark}"
        return first
    @asset(name=name, ins={'text': AssetIn(f'stamp_{column}_{level - 1}')})
    def next_(text: str) -> str:
        return f'{text}\n{mark}'
    return next_

assets = [stamp(column, level) for column in range(COLUMNS) for level in range(1, LEVELS + 1)]
io = FilesystemIOManager(base_dir=str(root / 'out'))
(root / 'home').mkdir()
instance = DagsterInstance.local_temp(str(root / 'home'))
quiet = {'loggers': {'console': {'config': {'log_level': 'CRITICAL'}}}}

def measure() -> float:
    for column in range(COLUMNS):
        write(column)
    begin = time.perf_counter()
    result = materialize(assets, resources={'io_manager': io}, instance=instance, run_config=quiet)
    took = (time.perf_counter() - begin) * 1000
    assert result.success and len(result.get_asset_materialization_events()) == len(assets)
    return took

taken = [measure() for _ in range(4)]
print(json.dumps({'nodes': len(assets), 'ms': statistics.median(taken[1:])}))
