"""Agencies in a tree, members, and the roles they hold."""

from uuid import UUID

from django.contrib.auth.models import AbstractUser
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import get_language

from tocsin.base.ids import new_id
from tocsin.people.roles import Role


class Agency(models.Model):
    """An organisation in the tree. ``path`` holds the codes from the root down, each followed by a slash."""

    public_id = models.UUIDField(default=new_id, unique=True, editable=False)
    code = models.CharField(max_length=40, unique=True, validators=[RegexValidator(r"^[a-z0-9-]+$")])
    name_zh = models.CharField(max_length=120)
    name_en = models.CharField(max_length=120)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="children")
    path = models.CharField(max_length=400, unique=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["path"]
        verbose_name_plural = "agencies"

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The name in the reader's language."""
        return self.name_en if get_language() == "en" else self.name_zh

    @property
    def root_path(self) -> str:
        """The path of the agency on top of this one's tree."""
        return self.path.partition("/")[0] + "/"

    def contains(self, other: "Agency") -> bool:
        """Whether ``other`` is this agency or stands below it."""
        return other.path.startswith(self.path)


def common_agency_path(first: str, second: str) -> str:
    """The path of the lowest agency that stands over both; empty where the trees differ."""
    shared: list[str] = []
    for one, other in zip(first.split("/"), second.split("/"), strict=False):
        if one != other or not one:
            break
        shared.append(one)
    return "".join(f"{code}/" for code in shared)


class Member(AbstractUser):
    """Someone who works at an agency. The public knows members only by ``public_id``, in the ledger."""

    public_id = models.UUIDField(default=new_id, unique=True, editable=False)
    display_name = models.CharField(max_length=80)

    class Meta(AbstractUser.Meta):
        ordering = ["username"]

    def __str__(self) -> str:
        return self.display_name or self.username


class RoleGrant(models.Model):
    """One role of one member at one agency; it reaches down the tree."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="grants")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="grants")
    role = models.CharField(max_length=20, choices=Role.choices)
    granted_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["member", "agency", "role"], name="people_one_grant_each"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="people_known_role"),
        ]

    def __str__(self) -> str:
        return f"{self.member_id} {self.role} {self.agency_id}"


def actor_reference(actor: Member | None) -> str:
    """How the ledger names who acted: a member's random id, or ``system`` for the program itself."""
    return f"member:{actor.public_id}" if actor else "system"


def reference(kind: str, public_id: UUID) -> str:
    """How the ledger names what was acted on, such as ``campaign:<uuid>``."""
    return f"{kind}:{public_id}"
