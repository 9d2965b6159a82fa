from cinejudge.tools.text.lines import Seen, cut_off, in_reading_order, merge, overlap, votes

HERE = (0.3, 0.4, 0.6, 0.5)


def seen(sample, text, box=HERE, confidence=0.9):
    return Seen(sample, sample * 12, sample * 0.5, text, confidence, box)


def test_the_same_words_at_the_same_place_are_one_line():
    (track,) = merge([seen(0, "SAMU"), seen(1, "SAMU"), seen(2, "SAMU")])
    assert [s.sample for s in track.seen] == [0, 1, 2]


def test_a_line_survives_two_missed_frames_but_not_three():
    assert len(merge([seen(0, "SAMU"), seen(3, "SAMU")])) == 1
    assert len(merge([seen(0, "SAMU"), seen(4, "SAMU")])) == 2


def test_words_that_move_with_the_camera_stay_one_line():
    boxes = [(0.05 * i, 0.4, 0.05 * i + 0.3, 0.5) for i in range(6)]
    assert len(merge([seen(i, "CAREER", box) for i, box in enumerate(boxes)])) == 1


def test_the_same_word_twice_in_a_frame_gives_two_lines():
    left, right = (0.0, 0.4, 0.1, 0.5), (0.2, 0.4, 0.3, 0.5)
    tracks = merge([seen(i, "Greeen", box) for i in range(3) for box in (left, right)])
    assert [len(t.seen) for t in tracks] == [3, 3]
    assert {s.box for t in tracks for s in t.seen[:1]} == {left, right}
    assert all(len({s.box for s in t.seen}) == 1 for t in tracks)


def test_text_that_changes_in_place_is_one_line_with_two_wordings():
    (track,) = merge([seen(0, "OTSEVSE"), seen(1, "OTSEVSEC"), seen(2, "OTSEVSEC")])
    assert [(v.text, v.frames) for v in votes(track)] == [("OTSEVSEC", 2), ("OTSEVSE", 1)]


def test_other_words_at_the_same_place_are_another_line():
    assert len(merge([seen(0, "GOOD MORNING"), seen(1, "THE END")])) == 2


def test_the_vote_counts_confidence_and_never_corrects():
    (track,) = merge([seen(0, "SECCONDS", confidence=0.9), seen(1, "SECONDS", confidence=0.5), seen(2, "SECCONDS")])
    assert votes(track)[0].text == "SECCONDS"


def test_what_holds_no_letter_is_dropped():
    assert merge([seen(0, "--"), seen(0, "")]) == []


def test_reading_order_is_by_rows_then_from_the_left():
    boxes = [(0.5, 0.11, 0.9, 0.2), (0.1, 0.5, 0.4, 0.6), (0.1, 0.1, 0.4, 0.2)]
    assert in_reading_order(boxes) == [2, 0, 1]


def test_overlap_and_edges():
    assert overlap(HERE, HERE) == 1 and overlap(HERE, (0.7, 0.4, 0.9, 0.5)) == 0
    assert cut_off((0.0, 0.4, 0.2, 0.5)) and not cut_off(HERE)
