import asyncio
import io
import json
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from PIL import Image
from starlette.applications import Starlette

from review.images import ImageKey, Reason, WaitingImage
from review.requests.bodies import MAX_BODY
from review.service.queue import ReviewQueue
from review.web import Opinions, Review, application
from tests.images import formats
from tests.unit.review.conftest import BUCKET, Account

HOST = "127.0.0.1:8765"
TOKEN = "token"
JPEG = b"\xff\xd8\xff a picture"


@dataclass
class Page:
    """The application as its own page talks to it."""

    application: Starlette
    cookies: dict[str, str] = field(default_factory=lambda: {"review": TOKEN})

    def get(self, path: str) -> httpx.Response:
        """Open a path."""
        return self._request("GET", path)

    def post(
        self,
        path: str,
        json: Any = None,
        content: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        """Send a request as the page's script does, with these headers in place of its own."""
        own = {"x-review-token": TOKEN, "origin": f"http://{HOST}"} | (headers or {})
        return self._request("POST", path, json=json, content=content, headers=own)

    def _request(self, method: str, path: str, **request: Any) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self.application)
            async with httpx.AsyncClient(
                transport=transport, base_url=f"http://{HOST}", cookies=self.cookies
            ) as client:
                return await client.request(method, path, **request)

        return asyncio.run(send())


@pytest.fixture
def page(account: Account) -> Page:
    review = Review(account.queue, account.pictures, "anne", HOST, TOKEN)
    return Page(application(review))


def claim(page: Page, name: str = "page-1", **more: Any) -> dict[str, Any]:
    answer = page.post("/claim", json={"page": name, "count": 8, **more})
    assert 200 == answer.status_code, answer.text
    return dict(answer.json())


def answer(image_id: str, **more: Any) -> dict[str, Any]:
    return {
        "page": "page-1",
        "id": image_id,
        "answer_id": "answer-1",
        "verdict": "CLASS",
        "class": "truck",
        "seconds": 1.25,
        **more,
    }


def test_address_with_token_sets_a_cookie_and_shows_the_page(page: Page) -> None:
    page.cookies.clear()
    redirected = page.get(f"/?token={TOKEN}")
    assert 303 == redirected.status_code
    assert "/" == redirected.headers["location"]
    cookie = redirected.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie

    page.cookies["review"] = cookie.removeprefix("review=").partition(";")[0]
    assert "Review images" in page.get("/").text


def test_image_is_claimed_looked_at_and_answered(page: Page, account: Account) -> None:
    key = account.add("one.jpg")
    (image,) = claim(page)["images"]

    picture = page.get(f"/picture/{image['id']}")
    answered = page.post("/answer", json=answer(image["id"]))

    assert JPEG == picture.content
    assert "image/jpeg" == picture.headers["content-type"]
    assert {"waits_for": None} == answered.json()
    assert "anne" == account.record(key)["review"]["M"]["reviewer"]["S"]


def test_prediction_is_shown_for_review(page: Page, account: Account) -> None:
    account.add("one.jpg")
    (image,) = claim(page)["images"]
    assert "truck" == image["prediction"]["classification"]


NAMES = [f"class {number:04}" for number in range(1000)]


@dataclass
class AllNames:
    """A model of a thousand classes."""

    def of(self, image: WaitingImage) -> frozenset[str]:
        return frozenset(NAMES) - image.class_probabilities.keys()


@pytest.fixture
def page_of_many(account: Account) -> Page:
    queue = replace(account.queue, unlisted=AllNames())
    return Page(application(Review(queue, account.pictures, "anne", HOST, TOKEN)))


def test_likeliest_of_many_classes_have_buttons(page_of_many: Page, account: Account) -> None:
    account.add("one.jpg")
    answered = claim(page_of_many)
    (image,) = answered["images"]
    assert ["automobile", "truck"] == image["classes"]
    assert sorted([*NAMES, "automobile", "truck"]) == answered["class_lists"][image["class_list"]]


@pytest.mark.parametrize("reason", [Reason.AUDIT, Reason.SECOND_OPINION])
def test_buttons_of_many_classes_give_no_hint_in_audits(
    page_of_many: Page, account: Account, reason: Reason
) -> None:
    account.add("one.jpg", reason=reason, outcome="ACCEPTED")
    answered = claim(page_of_many)
    (image,) = answered["images"]
    assert [] == image["classes"]
    assert 1002 == len(answered["class_lists"][image["class_list"]])


def test_few_classes_need_no_list(page: Page, account: Account) -> None:
    account.add("one.jpg")
    answered = claim(page)
    (image,) = answered["images"]
    assert image["class_list"] is None
    assert {} == answered["class_lists"]


@pytest.mark.parametrize("reason", [Reason.AUDIT, Reason.SECOND_OPINION])
def test_prediction_is_hidden_in_audits(page: Page, account: Account, reason: Reason) -> None:
    account.add("one.jpg", reason=reason, outcome="ACCEPTED")
    (image,) = claim(page)["images"]
    assert image["prediction"] is None
    assert "0.6" not in str(image)


@pytest.mark.parametrize("asks", [True, False])
def test_answer_asks_another_reviewer_on_demand(page: Page, account: Account, asks: bool) -> None:
    key = account.add("one.jpg")
    answered = page.post("/answer", json=answer(key.id, asks_another=asks))
    assert {"waits_for": Reason.SECOND_OPINION if asks else None} == answered.json()


def test_option_asks_another_reviewer_with_every_answer(account: Account) -> None:
    review = Review(account.queue, account.pictures, "anne", HOST, TOKEN, Opinions.ALWAYS)
    page = Page(application(review))
    answered = page.post("/answer", json=answer(account.add("one.jpg").id))
    assert {"waits_for": Reason.SECOND_OPINION} == answered.json()
    assert 'id="ask"' not in page.get("/").text


def test_answer_is_taken_back(page: Page, account: Account) -> None:
    key = account.add("one.jpg")
    page.post("/answer", json=answer(key.id))
    undone = page.post("/undo", json={"page": "page-1", "id": key.id, "answer_id": "answer-1"})
    assert key.id == undone.json()["image"]["id"]
    assert "review" not in account.record(key)


def test_answer_taken_back_twice_is_a_conflict(page: Page, account: Account) -> None:
    key = account.add("one.jpg")
    page.post("/answer", json=answer(key.id))
    request = {"page": "page-1", "id": key.id, "answer_id": "answer-1"}
    assert [200, 409] == [page.post("/undo", json=request).status_code for _ in range(2)]


def test_page_names_reviewer_and_bucket_of_the_answers_that_it_keeps(page: Page) -> None:
    assert f'name="review-scope" content="anne {BUCKET}"' in page.get("/").text


def test_page_has_the_style_of_all_pages(page: Page) -> None:
    assert "--page:" in page.get("/page.css").text


def test_released_image_is_free(page: Page, account: Account) -> None:
    account.add("one.jpg")
    (image,) = claim(page)["images"]
    page.post("/release", json={"page": "page-1", "ids": [image["id"]]})
    assert 1 == len(claim(page, "page-2")["images"])


def test_page_learns_which_leases_it_lost(page: Page, account: Account) -> None:
    key = account.add("one.jpg")
    claim(page, "page-2")
    assert [] == claim(page, held=[key.id])["held"]


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("host", "evil.example"),
        ("host", "127.0.0.1:9999"),
        ("origin", "http://evil.example"),
        ("origin", "null"),
        ("x-review-token", "another"),
        ("cookie", "review=another"),
    ],
)
def test_request_of_another_page_is_refused_and_changes_nothing(
    page: Page, account: Account, header: str, value: str
) -> None:
    key = account.add("one.jpg")
    if header == "cookie":
        page.cookies.clear()
    refused = page.post("/answer", json=answer(key.id), headers={header: value})
    assert 403 == refused.status_code
    assert "scones review" in refused.text
    assert [] == account.stored_answers()


@pytest.mark.parametrize("path", ["/", "/page/review.js", "/picture/x", "/thumbnail/x"])
def test_request_without_token_is_refused(page: Page, path: str) -> None:
    page.cookies.clear()
    assert 403 == page.get(path).status_code


@pytest.mark.parametrize(
    "path", ["/", "/page/review.css", "/page.css", "/page/review.js", "/nothing"]
)
def test_every_answer_carries_the_security_headers(page: Page, path: str) -> None:
    headers = page.get(path).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert "nosniff" == headers["x-content-type-options"]
    assert "same-origin" == headers["cross-origin-resource-policy"]


def test_page_sends_an_answer_again_whose_event_is_not_sent(page: Page, account: Account) -> None:
    image_id = account.add("one.jpg").id
    account.events.refusals = 1
    assert 503 == page.post("/answer", json=answer(image_id)).status_code
    assert 200 == page.post("/answer", json=answer(image_id)).status_code
    assert 1 == len(account.events.sent)


@pytest.mark.parametrize("path", ["picture", "thumbnail"])
def test_picture_of_another_bucket_is_refused(page: Page, account: Account, path: str) -> None:
    account.s3.create_bucket(Bucket="secret")
    account.s3.put_object(Bucket="secret", Key="uploads/one.jpg", Body=JPEG)
    key = ImageKey("s3://secret/uploads/one.jpg", "null")
    refused = page.get(f"/{path}/{key.id}")
    assert 403 == refused.status_code
    assert "ForeignBucketError" == refused.json()["error"]


def test_wall_is_claimed_without_audits(page: Page, account: Account) -> None:
    keys = [account.add(f"{number}.jpg") for number in range(2)]
    account.add("audit.jpg", reason=Reason.AUDIT)
    images = claim(page, wall=True, count=24)["images"]
    assert [key.id for key in keys] == [image["id"] for image in images]
    assert {"truck"} == {image["prediction"]["classification"] for image in images}


@pytest.mark.parametrize("count", [-1, "8", 1.5, None])
def test_claim_of_a_wrong_number_leases_nothing(
    page: Page, account: Account, count: object
) -> None:
    account.add("one.jpg")
    assert 400 == page.post("/claim", json={"page": "page-1", "count": count}).status_code
    assert 1 == len(claim(page, "page-2")["images"])


def test_thumbnail_of_a_large_photo_is_small(page: Page, account: Account) -> None:
    photo = io.BytesIO()
    Image.effect_noise((1200, 900), 80).save(photo, "JPEG", quality=95)
    key = account.add("one.jpg", body=photo.getvalue())
    thumbnail = page.get(f"/thumbnail/{key.id}")
    assert "image/jpeg" == thumbnail.headers["content-type"]
    assert 256 >= min(Image.open(io.BytesIO(thumbnail.content)).size)
    assert photo.getvalue() == page.get(f"/picture/{key.id}").content


def test_thumbnail_of_a_small_picture_is_the_picture(page: Page, account: Account) -> None:
    assert JPEG == page.get(f"/thumbnail/{account.add('one.jpg').id}").content


def test_thumbnail_of_a_broken_photo_is_named(page: Page, account: Account) -> None:
    key = account.add("one.jpg", body=JPEG + bytes(200_000))
    refused = page.get(f"/thumbnail/{key.id}")
    assert 415 == refused.status_code
    assert "NotAPictureError" == refused.json()["error"]


def test_answer_to_an_image_of_another_bucket_stores_nothing(page: Page, account: Account) -> None:
    key = ImageKey("s3://secret/uploads/one.jpg", "null")
    refused = page.post("/answer", json=answer(key.id))
    assert 410 == refused.status_code
    assert "s3://secret/uploads/one.jpg" in refused.json()["message"]
    assert [] == account.stored_answers()


def test_picture_that_was_deleted_is_named(page: Page, account: Account) -> None:
    key = account.add("one.jpg")
    account.s3.delete_object(Bucket=BUCKET, Key="uploads/one.jpg", VersionId=key.version)
    gone = page.get(f"/picture/{key.id}")
    assert 410 == gone.status_code
    assert "PictureGoneError" == gone.json()["error"]


@pytest.mark.parametrize(
    ("image_format", "content_type"), [("HEIC", "image/png"), ("AVIF", "image/avif")]
)
def test_photo_of_a_phone_is_sent_as_browsers_show_it(
    page: Page, account: Account, image_format: str, content_type: str
) -> None:
    key = account.add("one.heic", body=formats.picture(image_format))
    sent = page.get(f"/picture/{key.id}")
    assert content_type == sent.headers["content-type"]
    assert (64, 48) == Image.open(io.BytesIO(sent.content)).size


def test_bytes_that_are_not_a_picture_are_not_sent(page: Page, account: Account) -> None:
    key = account.add("one.jpg", body=b"<script>alert(1)</script>")
    refused = page.get(f"/picture/{key.id}")
    assert 415 == refused.status_code
    assert "NotAPictureError" == refused.json()["error"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"class": "lorry"},
        {"class": "<b>truck</b>"},
        {"class": None},
        {"verdict": "MAYBE"},
        {"verdict": "NOT_USABLE"},
        {"seconds": "long"},
        {"seconds": -1},
        {"answer_id": ""},
        {"answer_id": "a#undo"},
        {"answer_id": "a" * 65},
        {"id": "nonsense"},
        {"page": None},
    ],
)
def test_wrong_answer_is_refused_and_stores_nothing(
    page: Page, account: Account, wrong: dict[str, Any]
) -> None:
    key = account.add("one.jpg")
    refused = page.post("/answer", json=answer(key.id) | wrong)
    assert 400 == refused.status_code
    assert refused.json()["message"]
    assert [] == account.stored_answers()


def test_seconds_that_are_not_a_number_are_refused(page: Page, account: Account) -> None:
    body = json.dumps(answer(account.add("one.jpg").id, seconds=float("nan"))).encode()
    assert 400 == page.post("/answer", content=body).status_code


@pytest.mark.parametrize("body", [b"", b"[]", b"no JSON", b"[" * 100_000, b" " * (MAX_BODY + 1)])
def test_request_that_is_not_a_small_json_object_is_refused(page: Page, body: bytes) -> None:
    assert 400 == page.post("/answer", content=body).status_code


def test_answer_to_an_image_that_another_reviewer_answered_is_a_conflict(
    page: Page, account: Account
) -> None:
    key = account.add("one.jpg")
    page.post("/answer", json=answer(key.id))
    conflict = page.post("/answer", json=answer(key.id, answer_id="answer-2"))
    assert 409 == conflict.status_code
    assert "AnsweredElsewhereError" == conflict.json()["error"]


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (ClientError({"Error": {"Code": "ExpiredTokenException"}}, "GetItem"), "CredentialsError"),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:1"), "UnreachableError"),
    ],
)
def test_failure_that_passes_is_answered_so_that_the_page_sends_again(
    page: Page,
    account: Account,
    monkeypatch: pytest.MonkeyPatch,
    failure: Exception,
    expected: str,
) -> None:
    def fail(*_: object) -> None:
        raise failure

    key = account.add("one.jpg")
    monkeypatch.setattr(ReviewQueue, "answer", fail)
    failed = page.post("/answer", json=answer(key.id))
    assert 503 == failed.status_code
    assert expected == failed.json()["error"]
