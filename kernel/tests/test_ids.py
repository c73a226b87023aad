"""Ids: made by many at once without meeting, ordered by the time they were made."""

import os
import time
from concurrent.futures import ThreadPoolExecutor

from bson import ObjectId

from kernel.mongo.fields import IdField
from kernel.mongo.ids import new_id, new_object_id


def test_an_id_is_24_hex_digits_that_mongodb_takes():
    made = new_id()
    assert len(made) == 24
    assert str(ObjectId(made)) == made
    assert isinstance(new_object_id(), ObjectId)


def test_ids_of_one_process_increase_strictly():
    made = [new_id() for _ in range(20_000)]
    assert made == sorted(set(made))


def test_ids_of_many_threads_never_meet():
    with ThreadPoolExecutor(8) as pool:
        made = [
            i for ids in pool.map(lambda _: [new_id() for _ in range(2_000)], range(8)) for i in ids
        ]
    assert len(set(made)) == 16_000


def test_a_later_millisecond_sorts_later_in_any_process():
    first = new_id()
    time.sleep(0.002)
    assert new_id()[:12] > first[:12]
    assert abs(int(new_id()[:12], 16) - time.time_ns() // 1_000_000) < 5


def test_a_forked_process_makes_ids_of_its_own():
    read, write = os.pipe()
    mine = new_id()
    child = os.fork()
    if child == 0:
        os.write(write, new_id().encode())
        os._exit(0)
    os.waitpid(child, 0)
    theirs = os.read(read, 24).decode()
    assert theirs[18:] != mine[18:]


def test_the_field_gives_text_and_takes_either_form():
    field, made = IdField(), new_id()
    assert field.to_python(ObjectId(made)) == field.to_python(made) == made
    assert field.get_prep_value(made) == ObjectId(made)
    assert field.from_db_value(ObjectId(made), None, None) == made
    assert field.to_python(None) is None
    assert len(field.get_default()) == 24
