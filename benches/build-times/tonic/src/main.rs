//! A service with 52 methods, and a client that calls them all: what a build of such a crate takes with tonic.

use std::pin::Pin;

use futures_util::stream::{self, Stream};
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Server};
use tonic::{Request, Response, Status, Streaming};

type Items<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

mod proto {
    tonic::include_proto!("mixed.v1");
}
use proto::mixed_client::MixedClient;
use proto::mixed_server::{Mixed, MixedServer};
use proto::*;

/// Answers with what the type has as its default.
#[derive(Debug)]
struct Answers;

macro_rules! methods {
    (
        unary { $($unary:ident($unary_request:ident) -> $unary_response:ident;)* }
        server_streaming { $($server:ident($server_request:ident) -> $server_response:ident;)* }
        client_streaming { $($client:ident($client_request:ident) -> $client_response:ident;)* }
        bidi_streaming { $($bidi:ident($bidi_request:ident) -> $bidi_response:ident;)* }
    ) => {
        #[tonic::async_trait]
        impl Mixed for Answers {
            $(async fn $unary(&self, _: Request<$unary_request>) -> Result<Response<$unary_response>, Status> {
                Ok(Response::new($unary_response::default()))
            })*
            type WatchLevelStream = Items<WatchLevelResponse>;
            type WatchLicenseStream = Items<WatchLicenseResponse>;
            type WatchLobbyStream = Items<WatchLobbyResponse>;
            type WatchMatchStream = Items<WatchMatchResponse>;
            type WatchMemberStream = Items<WatchMemberResponse>;
            type SyncOrderStream = Items<SyncOrderResponse>;
            type SyncPartyStream = Items<SyncPartyResponse>;
            type SyncPlayerStream = Items<SyncPlayerResponse>;
            $(async fn $server(&self, _: Request<$server_request>) -> Result<Response<Items<$server_response>>, Status> {
                Ok(Response::new(Box::pin(stream::iter([Ok($server_response::default())]))))
            })*
            $(async fn $client(&self, _: Request<Streaming<$client_request>>) -> Result<Response<$client_response>, Status> {
                Ok(Response::new($client_response::default()))
            })*
            $(async fn $bidi(&self, _: Request<Streaming<$bidi_request>>) -> Result<Response<Items<$bidi_response>>, Status> {
                Ok(Response::new(Box::pin(stream::iter([Ok($bidi_response::default())]))))
            })*
        }

        async fn call_all(mut client: MixedClient<Channel>) -> Result<(), Status> {
            $(client.$unary($unary_request::default()).await?;)*
            $(client.$server($server_request::default()).await?.into_inner().message().await?;)*
            $(client.$client(stream::iter([$client_request::default()])).await?;)*
            $(client.$bidi(stream::iter([$bidi_request::default()])).await?.into_inner().message().await?;)*
            Ok(())
        }
    };
}

methods! {
    unary {
        get_account(GetAccountRequest) -> GetAccountResponse;
        get_address(GetAddressRequest) -> GetAddressResponse;
        get_alert(GetAlertRequest) -> GetAlertResponse;
        get_archive(GetArchiveRequest) -> GetArchiveResponse;
        get_asset(GetAssetRequest) -> GetAssetResponse;
        get_audit(GetAuditRequest) -> GetAuditResponse;
        get_badge(GetBadgeRequest) -> GetBadgeResponse;
        get_balance(GetBalanceRequest) -> GetBalanceResponse;
        get_bid(GetBidRequest) -> GetBidResponse;
        get_booking(GetBookingRequest) -> GetBookingResponse;
        get_budget(GetBudgetRequest) -> GetBudgetResponse;
        get_campaign(GetCampaignRequest) -> GetCampaignResponse;
        get_cart(GetCartRequest) -> GetCartResponse;
        get_catalog(GetCatalogRequest) -> GetCatalogResponse;
        get_channel(GetChannelRequest) -> GetChannelResponse;
        get_charge(GetChargeRequest) -> GetChargeResponse;
        get_city(GetCityRequest) -> GetCityResponse;
        get_claim(GetClaimRequest) -> GetClaimResponse;
        get_clan(GetClanRequest) -> GetClanResponse;
        get_coupon(GetCouponRequest) -> GetCouponResponse;
        get_credit(GetCreditRequest) -> GetCreditResponse;
        get_deal(GetDealRequest) -> GetDealResponse;
        get_device(GetDeviceRequest) -> GetDeviceResponse;
        get_draft(GetDraftRequest) -> GetDraftResponse;
        get_event(GetEventRequest) -> GetEventResponse;
        get_export(GetExportRequest) -> GetExportResponse;
        get_feed(GetFeedRequest) -> GetFeedResponse;
        get_fleet(GetFleetRequest) -> GetFleetResponse;
        get_folder(GetFolderRequest) -> GetFolderResponse;
        get_gift(GetGiftRequest) -> GetGiftResponse;
        get_guild(GetGuildRequest) -> GetGuildResponse;
        get_hero(GetHeroRequest) -> GetHeroResponse;
        get_image(GetImageRequest) -> GetImageResponse;
        get_import(GetImportRequest) -> GetImportResponse;
        get_invoice(GetInvoiceRequest) -> GetInvoiceResponse;
        get_item(GetItemRequest) -> GetItemResponse;
        get_key(GetKeyRequest) -> GetKeyResponse;
        get_label(GetLabelRequest) -> GetLabelResponse;
        get_league(GetLeagueRequest) -> GetLeagueResponse;
        get_ledger(GetLedgerRequest) -> GetLedgerResponse;
    }
    server_streaming {
        watch_level(WatchLevelRequest) -> WatchLevelResponse;
        watch_license(WatchLicenseRequest) -> WatchLicenseResponse;
        watch_lobby(WatchLobbyRequest) -> WatchLobbyResponse;
        watch_match(WatchMatchRequest) -> WatchMatchResponse;
        watch_member(WatchMemberRequest) -> WatchMemberResponse;
    }
    client_streaming {
        upload_message(UploadMessageRequest) -> UploadMessageResponse;
        upload_mission(UploadMissionRequest) -> UploadMissionResponse;
        upload_note(UploadNoteRequest) -> UploadNoteResponse;
        upload_offer(UploadOfferRequest) -> UploadOfferResponse;
    }
    bidi_streaming {
        sync_order(SyncOrderRequest) -> SyncOrderResponse;
        sync_party(SyncPartyRequest) -> SyncPartyResponse;
        sync_player(SyncPlayerRequest) -> SyncPlayerResponse;
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let incoming = TcpIncoming::bind("127.0.0.1:0".parse()?)?;
    let url = format!("http://{}", incoming.local_addr()?);
    let server = Server::builder().add_service(MixedServer::new(Answers)).serve_with_incoming(incoming);
    let server = tokio::spawn(server);
    call_all(MixedClient::connect(url).await?).await?;
    server.abort();
    Ok(())
}
